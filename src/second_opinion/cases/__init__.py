"""The case: its states, clocks and obligations. Pure: no FHIR, no database, no clock of its own."""
