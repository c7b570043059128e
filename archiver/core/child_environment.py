"""The environment of programs that an archive starts: the archive's own tokens and keys stay out of it."""

from __future__ import annotations

import os
from collections.abc import Mapping


def child_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Ours without the archive's own variables, ARCHIVER_TOKEN and a bucket's keys among them."""
    return {name: value for name, value in environment.items() if not name.startswith("ARCHIVER_")}
