"""From an information request to what is handed over: register and clock, review, redaction, production."""
