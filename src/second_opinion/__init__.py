"""The second-opinion adapter: requests come in as FHIR, the plan's policy answers, nothing is lost."""
