"""The translation: FHIR into our words, our words into FHIR. The only room that knows fhir.resources."""
