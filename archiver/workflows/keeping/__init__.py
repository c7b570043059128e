"""How long records are kept and why, what holds them, and that they stay readable."""
