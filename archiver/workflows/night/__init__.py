"""The unattended night: what is due, what is looked at, the work itself, the report and whom it reaches."""
