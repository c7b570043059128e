"""Proof before sealing: every byte read in every way it can be read, and searched for what was redacted."""
