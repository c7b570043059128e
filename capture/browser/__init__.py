"""Chromium: found, started once for a run, and led through one visit to one page."""
