"""Runs of captures, and the logins that sites want for them."""
