"""Reading a picture's text with Tesseract, where it is installed: a second look that trusts no layout record."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache

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
        # keys and tokens of the archive are not for it
        env={k: v for k, v in os.environ.items() if not k.startswith("ARCHIVER_")} | {"OMP_THREAD_LIMIT": "1"},
    )
    if done.returncode:
        raise LeakFound(f"Tesseract could not read a picture: {done.stderr.decode(errors='replace')[:200].strip()}")
    return done.stdout.decode("utf-8", "replace")


@cache
def _languages(tool: str) -> tuple[str, ...]:
    listed = subprocess.run([tool, "--list-langs"], capture_output=True, text=True, check=True).stdout.split()
    wanted = [each for each in ("eng", "fra", "asm", "ben", "hin", "urd") if each in listed]
    return tuple(wanted) or ("eng",)
