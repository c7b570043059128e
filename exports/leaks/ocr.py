"""Reading a picture's text with Tesseract, where it is installed: a second look that trusts no layout record."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import cache

from archiver.core.child_environment import child_environment
from archiver.core.errors import LeakFound


def picture_reader() -> Callable[[bytes], str] | None:
    """A function from a PNG, TIFF or JPEG to its words, in every language installed; None without Tesseract."""
    tool = shutil.which("tesseract")
    if tool is None:
        return None
    return lambda png: _read(tool, png)


def _read(tool: str, png: bytes) -> str:
    done = subprocess.run(
        [tool, "-", "-", "-l", "+".join(_languages(tool)), "--psm", "3"],
        input=png,
        capture_output=True,
        check=False,
        timeout=300,
        env=child_environment() | {"OMP_THREAD_LIMIT": "1"},
    )
    if done.returncode:
        raise LeakFound(f"Tesseract could not read a picture: {done.stderr.decode(errors='replace')[:200].strip()}")
    return done.stdout.decode("utf-8", "replace")


@cache
def _languages(tool: str) -> tuple[str, ...]:
    told = subprocess.run([tool, "--list-langs"], capture_output=True, text=True, check=True, env=child_environment())
    listed = told.stdout.split()
    wanted = [each for each in ("eng", "fra", "asm", "ben", "hin", "urd") if each in listed]
    return tuple(wanted) or ("eng",)
