"""A reviewed production: records through the gate, numbered, in the forms that a requester or a court wants."""
