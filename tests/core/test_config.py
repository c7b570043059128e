"""archive.toml: what is written is read back, and what is wrong is named by its key."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.config import (
    SECTIONS,
    ArchiveSettings,
    CaptureSettings,
    NightlySettings,
    OutcomeSettings,
    Settings,
    load_settings,
    parse_settings,
    write_toml,
)
from archiver.core.errors import BadSettings

SIVASAGAR = Settings(
    archive=ArchiveSettings(
        id="arc_0000000000000001",
        agency='শিৱসাগৰ "পৌৰসভা" 🏛',
        jurisdiction="IN-AS",
        time_zone="Asia/Kolkata",
        languages=("as", "en", "hi", "ur"),
    ),
    capture=CaptureSettings(allow_hosts=("127.0.0.1:8080",), load_seconds=45),
)

WRITTEN = """\
[archive]
# made by init; names the keys and tokens of this archive
id = "arc_0000000000000001"
# the public body whose records these are
agency = "শিৱসাগৰ \\"পৌৰসভা\\" 🏛"
# ISO 3166 code, with subdivision where a law is its own: IN-AS, CA-SK, PK-BA
jurisdiction = "IN-AS"
# IANA name; days in searches and schedules are days of this zone
time_zone = "Asia/Kolkata"
# BCP 47 tags of the languages the agency publishes in
languages = ["as", "en", "hi", "ur"]

[capture]
# path of a Chromium; empty: the system's, else playwright's own
browser = ""
"""

MINIMAL = '[archive]\nid = "a"\nagency = "Regina"\njurisdiction = "CA-SK"\n'

# every text a file can hold; a lone surrogate is no text
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
FILLED = TEXTS.filter(str.strip)
ALL_SETTINGS = st.builds(
    Settings,
    archive=st.builds(
        ArchiveSettings,
        id=st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
        agency=FILLED,
        jurisdiction=FILLED,
        time_zone=st.sampled_from(["UTC", "Asia/Kolkata", "America/Regina", "Asia/Karachi"]),
        languages=st.lists(TEXTS.filter(bool), max_size=3).map(tuple),
    ),
    capture=st.builds(
        CaptureSettings,
        browser=TEXTS,
        allow_hosts=st.lists(TEXTS.filter(bool), max_size=3).map(tuple),
        load_seconds=st.integers(1, 2**40),
        total_seconds=st.integers(5, 2**40),
        max_megabytes=st.integers(1, 2**40),
        max_scrolls=st.integers(0, 2**40),
        viewport_width=st.integers(320, 2**40),
    ),
    outcomes=st.builds(
        OutcomeSettings,
        rules_file=TEXTS,
        without=st.lists(TEXTS.filter(bool), max_size=3).map(tuple),
        rule=st.lists(
            st.fixed_dictionaries(
                {"name": FILLED, "text": st.lists(TEXTS, max_size=2), "max_main": st.integers(0, 2**40)}
            ),
            max_size=3,
        ).map(tuple),
    ),
    nightly=st.builds(
        NightlySettings,
        workers=st.integers(1, 2**40),
        until=st.sampled_from(["", "00:00", "06:30", "23:59"]),
        notify=st.sampled_from(["trouble", "always", "never"]),
        notify_command=st.lists(TEXTS.filter(bool), max_size=3).map(tuple),
        mail_from=FILLED,
        mail_to=st.lists(TEXTS.filter(bool), max_size=3).map(tuple),
        mail_starttls=st.booleans(),
        mail_password_file=TEXTS,
    ),
)


def test_the_file_is_written_with_every_key_and_what_it_is_for() -> None:
    assert write_toml(SIVASAGAR).startswith(WRITTEN)
    keys = sum(len(fields(each)) for each in SECTIONS.values())
    assert write_toml(SIVASAGAR).count("\n# ") == keys - 1  # outcomes.rule is written as tables


def test_a_written_file_is_read_back_as_it_was() -> None:
    assert parse_settings(write_toml(SIVASAGAR)) == SIVASAGAR


@given(ALL_SETTINGS)
def test_whatever_was_written_is_read_back(settings: Settings) -> None:
    assert parse_settings(write_toml(settings)) == settings


def test_every_time_zone_the_system_knows_is_one_and_nothing_else_is() -> None:
    def accepted(name: str) -> bool:
        try:
            parse_settings(MINIMAL + f'time_zone = "{name}"\n')
        except BadSettings:
            return False
        return True

    assert [name for name in sorted(available_timezones()) if not accepted(name)] == []
    others = ("", "Asia", "asia/nowhere", "posix/Asia/Kolkata", "right/UTC", "posixrules", "tzdata.zi", "zone.tab",
              "/etc/localtime", "../zoneinfo/UTC", "UTC\\u0000", "শিৱসাগৰ", "A" * 5000)  # fmt: skip
    assert [name for name in others if accepted(name)] == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('until = "6:30"', "nightly.until: must be a local time such as '06:30', not '6:30'"),
        ('until = "24:00"', "nightly.until: must be a local time"),
        ('notify = "sometimes"', "nightly.notify: must be trouble, always or never, not 'sometimes'"),
        ("mail_starttls = 1", "nightly.mail_starttls: must be true or false, not 1"),
        ('mail_to = ["clerk@town.example"]', "nightly.mail_from: must be given where nightly.mail_to is"),
        ("workers = 0", "nightly.workers: must be a whole number of at least 1, not 0"),
    ],
)
def test_a_fault_of_the_night_s_settings_names_its_key(line: str, told: str) -> None:
    with pytest.raises(BadSettings, match=re.escape(told)):
        parse_settings(f"{WRITTEN}\n[nightly]\n{line}\n")


@pytest.mark.parametrize(
    "text",
    ["\x00", "\x1b[31m", "\x7f", "\x85", "\u2028", '"', '"""', "'", "\\", "\\u0041", "a/b", "a\r\nb", "\ufeff", "# no"],
)
def test_awkward_characters_stay_what_they_are(text: str) -> None:
    settings = Settings(archive=ArchiveSettings(id="a", agency=f"x{text}y", jurisdiction="PK-BA"))
    assert tomllib.loads(write_toml(settings))["archive"]["agency"] == f"x{text}y"


def test_only_what_has_no_default_must_be_given() -> None:
    settings = parse_settings(MINIMAL)
    assert settings.capture == CaptureSettings()
    assert settings.archive == ArchiveSettings(
        id="a", agency="Regina", jurisdiction="CA-SK", time_zone="UTC", languages=("en",)
    )


def test_the_zone_is_the_named_one() -> None:
    assert SIVASAGAR.archive.zone.key == "Asia/Kolkata"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "archive.toml: archive.agency: missing; the public body whose records these are"),
        (MINIMAL.replace('"Regina"', '" "'), "archive.toml: archive.agency: must be a text, not ' '"),
        (MINIMAL + 'colour = "red"\n', "archive.toml: archive.colour: unknown key; known: id, agency, "),
        (MINIMAL + "[colour]\n", "archive.toml: [colour]: unknown section; known: archive, capture, outcomes"),
        ("archive = 3\n", "archive.toml: [archive]: must be a section"),
        (MINIMAL + 'time_zone = "Asia/Calcuta"\n', "archive.time_zone: 'Asia/Calcuta' is no IANA time zone"),
        (MINIMAL + 'time_zone = "../../etc/passwd"\n', "archive.time_zone: '../../etc/passwd' is no IANA"),
        (MINIMAL + 'languages = "en"\n', "archive.languages: must be a list of texts, not 'en'"),
        (MINIMAL + 'languages = ["en", 3]\n', "archive.languages: must be a list of texts, not ['en', 3]"),
        (MINIMAL + 'languages = [""]\n', "archive.languages: must be a list of texts, not ['']"),
        (MINIMAL + "[capture]\nload_seconds = 0\n", "load_seconds: must be a whole number of at least 1, not 0"),
        (MINIMAL + "[capture]\nload_seconds = true\n", "capture.load_seconds: must be a whole number of at least 1"),
        (MINIMAL + "[capture]\nload_seconds = 2.5\n", "capture.load_seconds: must be a whole number of at least 1"),
        (MINIMAL + "[capture]\nbrowser = 5\n", "capture.browser: must be a text, not 5"),
        (MINIMAL + '[outcomes]\nrule = "x"\n', "outcomes.rule: must be tables, each begun by [[outcomes.rule]]"),
        (MINIMAL + "[capture\n", "archive.toml: not valid TOML: "),
    ],
)  # fmt: skip
def test_a_fault_is_told_by_its_key(text: str, fault: str) -> None:
    with pytest.raises(BadSettings) as caught:
        parse_settings(text)
    assert fault in str(caught.value)


@pytest.mark.parametrize("id", ["../../etc/cron.d/x", "/etc/x", ".", "..", "a b", "a\nb", "শিৱ", "x" * 65, "a\x00"])
def test_an_identifier_that_could_name_another_file_is_refused(id: str) -> None:
    """Whoever is handed an archive logs in to it: its id must not choose the file the token overwrites."""
    settings = Settings(archive=ArchiveSettings(id=id, agency="Regina", jurisdiction="CA-SK"))
    with pytest.raises(BadSettings, match=r"archive\.id: .* must be up to 64"):
        parse_settings(write_toml(settings))


@pytest.mark.parametrize("languages", [("en",), ("en", "\udcff")])
def test_bytes_that_were_no_text_are_refused(languages: tuple[str, ...]) -> None:
    agency = "Regina" if len(languages) > 1 else "R\udce9gina"
    settings = Settings(archive=ArchiveSettings(id="a", agency=agency, jurisdiction="CA-SK", languages=languages))
    with pytest.raises(BadSettings, match=r"must be a (text|list of texts), not "):
        parse_settings(write_toml(settings))


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(BadSettings) as caught:
        parse_settings("[archive]\nagency = 5\nx = 1\n[capture]\nmax_scrolls = -1\n", "/srv/town/archive.toml")
    assert str(caught.value).split("\n") == [
        "/srv/town/archive.toml: archive.x: unknown key; known: id, agency, jurisdiction, time_zone, languages",
        "/srv/town/archive.toml: archive.id: missing; made by init; names the keys and tokens of this archive",
        "/srv/town/archive.toml: archive.agency: must be a text, not 5",
        "/srv/town/archive.toml: archive.jurisdiction: missing; ISO 3166 code, with subdivision where a law is its "
        "own: IN-AS, CA-SK, PK-BA",
        "/srv/town/archive.toml: capture.max_scrolls: must be a whole number of at least 0, not -1",
    ]  # fmt: skip


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "archive.toml"
    path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.encode())
    assert load_settings(path).archive.agency == "Regina"


def test_a_file_in_another_encoding_is_refused_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "archive.toml"
    path.write_bytes(MINIMAL.replace("Regina", "Québec").encode("latin-1"))
    with pytest.raises(BadSettings, match="not UTF-8 text at byte 31: save the file as UTF-8"):
        load_settings(path)
