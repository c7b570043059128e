"""The screenshot, and where on it every word's ink and every item stands."""
