"""The command `archiver`: mounts the commands, maps errors to exit codes."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version

import click
from rich.console import Console
from rich.text import Text

from archiver.commands import (
    accounts,
    answers,
    archives,
    captures,
    checks,
    demo,
    jobs,
    people,
    records,
    retention,
    search,
)
from archiver.core.errors import ArchiverError, BadQuery, Interrupted
from archiver.workflows.find import show_place


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("records-archiver"), prog_name="archiver")
def archiver() -> None:
    """A records archive for public-sector social media.

    Captures posts and threads as evidence, finds them, keeps them as long as the schedule says,
    and hands them over in bundles that anyone can verify.
    """


for module in (archives, people, accounts, jobs, captures, records, search, retention, answers, checks, demo):
    for command in module.COMMANDS:
        archiver.add_command(command)


def main() -> None:
    """Run the command line; every error ends in one clear line and an exit code of its own."""
    try:
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


def _tell(error: ArchiverError) -> None:
    if "--json" in sys.argv:
        place = {"position": error.position, "end": error.end} if isinstance(error, BadQuery) else {}
        told = {"error": type(error).__name__, "message": str(error), "exit_code": error.exit_code, **place}
        sys.stderr.write(json.dumps(told, ensure_ascii=False) + "\n")
        return
    text = show_place(error) if isinstance(error, BadQuery) else str(error)
    shown = Text.assemble(("error: ", "bold red"), text)
    Console(stderr=True, highlight=False).print(shown, soft_wrap=True)
