"""The command `archiver`: mounts the commands, maps errors to exit codes."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from importlib import import_module
from importlib.metadata import version

import click
from rich.console import Console
from rich.text import Text

from archiver.core.errors import ArchiverError, BadInput, BadQuery, Interrupted
from index.place import show_place

_MODULES = {
    "account": "accounts",
    "backup": "backups",
    "capture": "captures",
    "check": "answers",
    "demo": "demo",
    "disposal": "disposal",
    "duplicates": "discovery",
    "export": "answers",
    "fileplan": "fileplan",
    "hold": "holds",
    "index": "search",
    "init": "archives",
    "job": "jobs",
    "login": "people",
    "logout": "people",
    "nightly": "nightly",
    "notice": "reports",
    "person": "people",
    "preserve": "reports",
    "production": "productions",
    "rebuild": "archives",
    "record": "records",
    "redact": "redactions",
    "request": "answers",
    "restore": "archives",
    "retention": "reports",
    "review": "reviews",
    "runs": "nightly",
    "search": "search",
    "searches": "searches",
    "session": "site_sessions",
    "similar": "discovery",
    "status": "archives",
    "terms": "discovery",
    "timer": "nightly",
    "timestamp": "trail",
    "trail": "trail",
    "verify": "checks",
    "whoami": "people",
}


class Commands(click.Group):
    """Imports a command's module when it is asked for: a search need not wait for a browser's library."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULES:
            return None
        module = import_module("." + _MODULES[cmd_name], "archiver.commands")
        found: dict[str | None, click.Command] = {each.name: each for each in module.COMMANDS}
        return found[cmd_name]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("records-archiver"), prog_name="archiver")
def archiver() -> None:
    """A records archive for public-sector social media.

    Captures posts and threads as evidence, finds them, keeps them as long as the schedule says,
    and hands them over in bundles that anyone can verify.
    """


def main() -> None:
    """Run the command line; every error ends in one clear line and an exit code of its own."""
    try:
        _check_words()
        archiver.main(standalone_mode=False)
    except ArchiverError as error:
        _tell(error)
        sys.exit(error.exit_code)
    except click.exceptions.Abort:
        _tell(Interrupted("interrupted: what was filed before stays filed"))
        sys.exit(Interrupted.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # the reader of a pipe (`| head`) has seen enough
        sys.stderr.close()
        sys.exit(0)


def _check_words() -> None:
    """Refuse what is no text: the shell may hand over bytes that no record, event or page can hold."""
    given = {"ARCHIVER_TOKEN": os.environ.get("ARCHIVER_TOKEN", "")}
    given |= {f"argument {number}": word for number, word in enumerate(sys.argv[1:], 1)}
    for name, word in given.items():
        if any(unicodedata.category(character) == "Cs" for character in word):
            raise BadInput(f"{name} is not UTF-8 text: {word.encode(errors='backslashreplace').decode()}")


def _tell(error: ArchiverError) -> None:
    if "--json" in sys.argv:
        place = {"position": error.position, "end": error.end} if isinstance(error, BadQuery) else {}
        told = {"error": type(error).__name__, "message": str(error), "exit_code": error.exit_code, **place}
        sys.stderr.write(json.dumps(told, ensure_ascii=False) + "\n")
        return
    text = str(error)
    if isinstance(error, BadQuery) and error.query:
        text += "\n" + show_place(error.query, error)
    shown = Text.assemble(("error: ", "bold red"), text)
    Console(stderr=True, highlight=False).print(shown, soft_wrap=True)
