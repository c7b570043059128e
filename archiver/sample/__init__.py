"""A small site to try Archiver on: a town's page with threads in several languages, over two nights."""

from archiver.sample.site import Site, serve

__all__ = ["Site", "serve"]
