"""Text as Unicode allows it: what a page's JSON smuggles in beyond that can be stored nowhere."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

_V = TypeVar("_V")


def well_formed(value: _V) -> _V:
    """`value` with every lone surrogate in its texts replaced by U+FFFD; halves of one character are joined.

    JSON allows `"\\ud83d"` alone (RFC 8259, section 8.2), UTF-8 does not.
    """
    return _cleaned(value)  # type: ignore[no-any-return]  # the same type goes out as came in


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return type(value)(value.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    if isinstance(value, tuple):
        return tuple(_cleaned(each) for each in value)
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(each) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: _cleaned(getattr(value, each.name)) for each in fields(value)})
    return value
