"""A machine that drives a real archive through whatever may happen, beside a book that works out what may go."""
