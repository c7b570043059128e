"""The index kept what the catalogue says: made, caught up, proved, and rid of what was destroyed."""
