"""The recording proxy: all traffic of a capture goes through it, into a WARC, where the egress rule lets it."""
