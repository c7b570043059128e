"""From a finished observation to a filed capture of a record."""
