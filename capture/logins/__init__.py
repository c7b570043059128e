"""Logging in to a site: a login exported or made in a window, and how captures use it."""
