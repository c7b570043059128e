"""Copies of the archive elsewhere: made, restored with what happened since, and practised."""
