"""Da Vinci PAS 2.2.1: a Claim read into orders, a case's answer written as a response Bundle."""
