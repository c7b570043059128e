"""What buttons are called, in the languages of the people who wrote them: `wording.toml`, read once."""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("wording.toml")


@dataclass(frozen=True, kw_only=True)
class Wording:
    """`expand` and `banner` are handed to the page scripts as they are; patterns are in Unicode's composed form."""

    expand: dict[str, Any]
    banner: dict[str, Any]
    never: frozenset[str]


@cache
def read_wording() -> Wording:
    """The product's own wording."""
    tables = tomllib.loads(unicodedata.normalize("NFC", _FILE.read_text(encoding="utf-8")))
    never = tables["never"]
    expand = {
        "patterns": [pattern for patterns in tables["expand"].values() for pattern in patterns],
        "names": tables["hints"]["names"],
        "counts": tables["hints"]["counts"],
        "never": never["words"],
        "closes": never["closes"],
        "neverParts": never["parts"],
        "neverAlone": never["alone"],
    }
    return Wording(expand=expand, banner=tables["banner"], never=frozenset(never["words"]))
