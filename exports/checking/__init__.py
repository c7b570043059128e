"""A bundle checked without its archive, by anyone: every defect in plain words."""
