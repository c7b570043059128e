"""What is asked of a page that is open, and what is done on it before it is recorded."""
