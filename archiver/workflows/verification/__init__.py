"""Is everything still what was recorded: evidence, catalogue, trail, and what captures share."""
