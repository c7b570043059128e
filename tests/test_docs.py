"""The manual says what the program does: generated pages are current, links lead somewhere, examples run."""

from __future__ import annotations

import re
import shlex
from datetime import UTC
from importlib import import_module
from pathlib import Path

import click
import pytest

from archiver.cli import archiver
from archiver.core.errors import BadQuery
from archiver.core.records import IndexDoc, RecordId
from archiver.manual import PAGES, every_error, subcommands
from index.engines.oracle import OracleEngine
from index.lexer import FIELDS, MARKED
from index.parse import parse_query
from tests.index.strategies import TODAY

ROOT = Path(__file__).parent.parent
ROOMS = ("archiver", "capture", "index", "retention", "exports", "tests", "bench")
MANUAL = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_generated_page_is_what_the_code_gives(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == PAGES[name](), f"run: make docs ({name})"


def test_every_error_has_a_manual_text_and_an_exit_code_of_its_own() -> None:
    codes = [each.exit_code for each in every_error()]
    assert len(codes) == len(set(codes))
    for each in every_error():
        assert each.__doc__
        assert 3 <= each.exit_code <= 127


@pytest.mark.parametrize("page", MANUAL, ids=lambda page: page.name)
def test_every_link_of_the_manual_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", [each for each in MANUAL if each.name != "CHANGELOG.md"], ids=lambda page: page.name)
def test_every_module_the_manual_names_is_there(page: Path) -> None:
    """By its path, or the end of it."""
    modules = {f"/{each.relative_to(ROOT)}" for room in ROOMS for each in (ROOT / room).rglob("*.py")}
    for named in set(re.findall(r"`([\w/]+\.py)`", page.read_text())):
        assert any(each.endswith(f"/{named}") for each in modules), named


@pytest.mark.parametrize("page", MANUAL, ids=lambda page: page.name)
def test_every_command_the_manual_shows_exists_with_its_options(page: Path) -> None:
    if page.name == "commands.md":
        pytest.skip("generated from the commands themselves")
    for line in re.findall(r"^(?:\$ )?(archiver .*)$", page.read_text(encoding="utf-8"), re.MULTILINE):
        command: click.Command = archiver
        words = shlex.split(line, comments=True)[1:]
        while words and isinstance(command, click.Group):
            assert words[0] in subcommands(command), line
            command = subcommands(command)[words.pop(0)]
        known = {option for each in command.params for option in each.opts}
        assert not [word for word in words if word.startswith("--") and word.split("=")[0] not in known], line


def test_every_command_of_every_module_is_mounted() -> None:
    modules = [f"archiver.commands.{each.stem}" for each in (ROOT / "archiver" / "commands").glob("*.py")]
    offered = {each.name for name in modules for each in getattr(import_module(name), "COMMANDS", ())}
    assert offered == set(subcommands(archiver))


def test_every_command_has_a_help_text() -> None:
    def check(command: click.Command) -> None:
        assert command.help, command.name
        if isinstance(command, click.Group):
            for each in subcommands(command).values():
                check(each)

    check(archiver)


def fenced(page: str, kind: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [line for block in re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("query", fenced("search.md", "query"))
def test_every_query_of_the_manual_is_understood(query: str) -> None:
    assert parse_query(query, today=TODAY, time_zone=UTC).interpreted


def finds(query: str, text: str) -> bool:
    engine = OracleEngine()
    engine.apply([IndexDoc(id="rec_1/1", record_id=RecordId("rec_1"), body=text)], (), seq=1)
    return engine.count(parse_query(query, today=TODAY, time_zone=UTC).node) == 1


@pytest.mark.parametrize("example", fenced("search.md", "finds"))
def test_every_query_of_the_manual_finds_what_the_manual_says(example: str) -> None:
    assert finds(*example.split(" → "))


@pytest.mark.parametrize("example", fenced("search.md", "misses"))
def test_no_query_of_the_manual_finds_what_the_manual_says_it_misses(example: str) -> None:
    assert not finds(*example.split(" → "))


@pytest.mark.parametrize("field", [*FIELDS, *MARKED, "thread"])
def test_the_manual_tells_of_every_field(field: str) -> None:
    assert f"`{field}:" in (ROOT / "docs" / "search.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("query", fenced("search.md", "refused"))
def test_every_query_the_manual_says_is_refused_is_refused_with_its_place(query: str) -> None:
    with pytest.raises(BadQuery) as caught:
        parse_query(query, today=TODAY, time_zone=UTC)
    assert 0 <= caught.value.position < caught.value.end <= len(query) + 1
