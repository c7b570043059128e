"""Records handed over to another archive: packages, and the bucket they may go to."""
