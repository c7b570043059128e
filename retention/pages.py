"""The room's pages, filled from its templates."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


def render_page(name: str, **values: object) -> bytes:
    """HTML without scripts; `values` are escaped."""
    return _environment().get_template(name).render(**values).encode()


@cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader("retention"), autoescape=True, undefined=StrictUndefined)
