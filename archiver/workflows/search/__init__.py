"""From what an officer types to hits, and what is shown of them."""
