"""What a visit was: its outcome with its reason, why no answer came, and when to try again."""
