"""Writes the reference pages of the manual from the code itself: `python -m archiver.manual docs`.

tests/test_docs.py fails where a page is not what this writes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path

import click

from archiver.cli import archiver
from archiver.core import errors
from archiver.core.config import ArchiveSettings, CaptureSettings
from archiver.core.errors import ArchiverError


def command_reference() -> str:
    """Every command's `--help`."""
    parts = ["# Commands", "", "What `--help` prints. Every command takes `--json`; most take `--archive DIR`.", ""]
    for path, command in _commands("archiver", archiver):
        text = command.get_help(click.Context(command, info_name=path, max_content_width=100, terminal_width=100))
        parts += [f"## {path}", "", "```text", text, "```", ""]
    return "\n".join(parts)


def _commands(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from _commands(f"{path} {name}", command.commands[name])


def error_reference() -> str:
    """Every error with its exit code, by code."""
    lines = [
        "# Errors and exit codes",
        "",
        "0 is success, 1 a fault of the program itself, 2 a misspelt command. Errors are one line on standard",
        "error; with `--json` that line is an object with `error`, `message` and `exit_code`.",
        "",
        "| Code | Error | What it means and what to do |",
        "|---|---|---|",
    ]
    for each in sorted(every_error(), key=lambda kind: kind.exit_code):
        text = " ".join((each.__doc__ or "").split("\n\n")[0].split())
        lines.append(f"| {each.exit_code} | `{each.__name__}` | {text} |")
    return "\n".join(lines) + "\n"


def every_error() -> list[type[ArchiverError]]:
    return [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, ArchiverError)]


def settings_reference() -> str:
    """Every key of `archive.toml`."""
    lines = ["# Settings", "", "The keys of `archive.toml`. `archiver init` writes them all, with their defaults.", ""]
    for section, kind in (("archive", ArchiveSettings), ("capture", CaptureSettings)):
        lines += [f"## [{section}]", "", "| Key | Default | What it is |", "|---|---|---|"]
        for each in fields(kind):
            default = "required" if each.default is MISSING else f"`{_toml(each.default)}`"
            lines.append(f"| `{each.name}` | {default} | {each.metadata['about']} |")
        lines.append("")
    return "\n".join(lines)


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{each}"' for each in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


PAGES = {"commands.md": command_reference, "errors.md": error_reference, "settings.md": settings_reference}


def main() -> None:
    for name, write in PAGES.items():
        (Path(sys.argv[1]) / name).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
