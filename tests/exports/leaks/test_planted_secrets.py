"""Secrets in five scripts, hidden in every way: after redaction none is in any byte of any profile.

The search here is another than the product's: it knows nothing of its folding, its readings or its layout.
"""

from __future__ import annotations

import base64
import gzip
import io
import os
import re
import shutil
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

import exports.redaction.gate
import exports.redaction.painting
import exports.release.forms
import exports.release.making
from archiver.core.errors import LeakFound
from exports.bundle.pages import slug
from exports.bundle.produced import ProducedRequest
from exports.leaks.ocr import picture_reader
from exports.redaction.gate import ItemRelease, Page
from exports.redaction.painting import _pixels, release_pictures
from exports.redaction.rules import RedactionRule, find_hits
from exports.release.plan import PROFILES
from tests.exports.leaks.planted import HIDING, Drawn, Planted, around, draw, gate_of, release, rules, secrets
from tests.exports.sample import REQUEST

pytestmark = pytest.mark.browser

PROVE = bool(os.environ.get("ARCHIVER_PROVE"))
PLANTED = secrets(300)
EVERY_WAY = 60
"""So many of them hide in every way in every script."""
needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs Tesseract")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[Drawn]:
    return draw(tmp_path_factory.mktemp("planted"), PLANTED if PROVE else PLANTED[:EVERY_WAY])


@pytest.fixture(scope="module")
def few(drawn: list[Drawn]) -> list[Drawn]:
    return drawn[:2]


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> list[Drawn]:
    """A page that OCR reads in little time."""
    return draw(tmp_path_factory.mktemp("short"), PLANTED[:15], each=15)


def raw_texts(content: bytes, depth: int = 0) -> Iterator[str]:
    """Bytes as text, and once more for whatever packs them; pixels are read by OCR."""
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        content = re.sub(rb"IDAT.*(?=\0\0\0\0IEND)", b"", content, flags=re.DOTALL)
    yield content.decode("utf-8", "ignore")
    yield content.decode("utf-16-le", "ignore")
    if depth > 4:
        return
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            for name in package.namelist():
                yield name
                yield from raw_texts(package.read(name), depth + 1)
    if content[:2] == b"\x1f\x8b":
        yield from raw_texts(gzip.decompress(content), depth + 1)
    for found in re.findall(rb"[A-Za-z0-9+/=\r\n]{80,}", content):
        packed = re.sub(rb"[\r\n=]", b"", found)
        whole = packed[:-1] if len(packed) % 4 == 1 else packed
        yield from raw_texts(base64.b64decode(whole + b"=" * (-len(whole) % 4)), depth + 1)


def plain(text: str) -> str:
    """Composed, small letters, nothing between words."""
    return re.sub(r"[\s_\-\u200b\u200f\u00a0]", "", unicodedata.normalize("NFC", unquote(text)).lower())


def found_in(root: Path, planted: list[Planted]) -> list[tuple[str, str]]:
    found = []
    wanted = {plain(each.words): each.words for each in planted}
    for path in sorted(root.rglob("*")):
        texts = [path.name]
        if path.is_file():
            texts += raw_texts(path.read_bytes())
        for text in map(plain, texts):
            found += [(path.name, words) for needle, words in wanted.items() if needle in text]
    return found


def test_there_are_three_hundred_secrets_of_their_own() -> None:
    assert len({each.words for each in PLANTED}) == 300
    ways = {(each.language, each.hiding) for each in PLANTED}
    assert ways == {(language, hiding) for language in ("en", "fr", "as", "hi", "ur") for hiding in HIDING}
    assert {(each.language, each.hiding) for each in PLANTED[:EVERY_WAY]} == ways


def test_the_search_of_this_test_finds_the_secrets_where_nothing_is_redacted(few: list[Drawn], tmp_path: Path) -> None:
    unredacted = release(few, (), tmp_path / "bundle", profile="court")
    assert len({words for _, words in found_in(unredacted.path, PLANTED[:60])}) > 50


@pytest.mark.parametrize("profile", PROFILES)
def test_no_secret_is_in_any_byte_of_a_bundle(drawn: list[Drawn], tmp_path: Path, profile: str) -> None:
    made = release(drawn, rules(PLANTED), tmp_path / "bundle", profile=profile)
    assert made.leaks.stopping == ()
    assert made.leaks.strings >= 300
    assert found_in(made.path, PLANTED) == []
    assert not list(made.path.rglob("*.warc.gz"))


@needs_tesseract
def test_no_secret_is_read_in_a_picture_that_ocr_reads_where_it_is_not_redacted(
    drawn: list[Drawn], short: list[Drawn]
) -> None:
    read = picture_reader()
    assert read is not None
    readable = 0
    shown = drawn if PROVE else short
    for each in shown:
        (capture,) = each.produced.captures
        shot = next(path for stored, path in capture.files if stored.role.value == "screenshot").read_bytes()
        before = read(shot)
        (picture,) = gate_of(shown, rules(PLANTED)).release(each.produced).pictures[capture.capture.id]
        after = read(picture.png)
        for one in PLANTED:
            if find_hits(before, rules([one])):
                readable += 1
                assert not find_hits(after, rules([one])), one
    assert readable >= 5  # what OCR could not read unredacted proves nothing


def test_every_box_holds_its_fill_and_the_section(few: list[Drawn]) -> None:
    released = gate_of(few, rules(PLANTED)).release(few[0].produced)
    assert released.painted > 20
    assert not released.original


# -- each mechanism switched off makes the leak check fail ----------------------------------


def _no_redaction(text: str, rules: Any) -> tuple[str, list[Any]]:
    return text, []


def _exact_only(text: str, rules: Any) -> tuple[str, list[Any]]:
    """Text rules as they were long made: one spelling."""
    for rule in rules:
        for phrase in rule.phrases:
            text = text.replace(phrase, "[14]")
    return text, []


def _keeps_files(passage: Any, capture: Any, withheld: str = "") -> Any:
    return capture


SWITCHED_OFF: dict[str, tuple[Any, str, Any]] = {
    "redaction of texts": (exports.redaction.gate, "redact", _no_redaction),
    "redaction of addresses": (exports.redaction.gate, "redact_address", _no_redaction),
    "folding of spellings": (exports.redaction.gate, "redact", _exact_only),
    "file names from released titles": (exports.release.forms, "slug", lambda title: slug(PLANTED[0].words)),
    "cleaning of what was asked": (exports.release.making, "_without_redacted", lambda request, gate: request),
    "renaming of native ids": (exports.redaction.gate._Passage, "_names", lambda passage, releases: {}),
    "proof of the painted boxes": (exports.redaction.painting, "_paint", lambda image, box: None),
}


def asked(few: list[Drawn]) -> tuple[list[Drawn], ProducedRequest]:
    """A thread with a secret in a native id, and a request that names one too."""
    first = few[0].produced
    named = replace(first.items[0].item, native_id=f"at-{PLANTED[0].words.replace(' ', '-')}")
    items = (replace(first.items[0], item=named, id=f"{first.record.id}/{named.native_id}"), *first.items[1:])
    request = replace(REQUEST, subject=f"On {PLANTED[0].words}")
    return [replace(few[0], produced=replace(first, items=items))], request


def test_with_every_mechanism_at_work_nothing_is_found(few: list[Drawn], tmp_path: Path) -> None:
    given, request = asked(few)
    assert release(given, rules(PLANTED[:30]), tmp_path / "clean", request=request).leaks.stopping == ()


@pytest.mark.parametrize("mechanism", SWITCHED_OFF)
def test_a_mechanism_switched_off_makes_the_leak_check_fail(
    few: list[Drawn], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mechanism: str
) -> None:
    given, request = asked(few)
    place, name, stand_in = SWITCHED_OFF[mechanism]
    monkeypatch.setattr(place, name, stand_in)
    with pytest.raises(LeakFound):
        release(given, rules(PLANTED[:30]), tmp_path / "leaky", request=request)
    assert not (tmp_path / "leaky").exists()
    assert not (tmp_path / "leaky.part").exists()


@needs_tesseract
def test_painting_switched_off_is_read_by_ocr(
    short: list[Drawn], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports.redaction.gate, "release_pictures", lambda tiles, boxes: release_pictures(tiles, []))
    with pytest.raises(LeakFound, match="as read by OCR"):
        release(short, rules(PLANTED[:30]), tmp_path / "leaky", surroundings=around(read_picture=picture_reader()))


def test_originals_of_a_redacted_record_are_found_in_its_warc(
    few: list[Drawn], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The WARC of the sample says of the road, in five languages, what the first rule here redacts."""
    road = (RedactionRule(id="red_road", kind="phrase", scope="everywhere", section="14", phrases=("road to Majuli",)),)
    wanted = rules(PLANTED[:60]) + road
    assert release(few, wanted, tmp_path / "clean", profile="court").leaks.stopping == ()
    monkeypatch.setattr(exports.redaction.gate._Passage, "_capture", _keeps_files)
    monkeypatch.setattr(exports.redaction.gate, "commitments", lambda salt, captures: ())
    monkeypatch.setattr(
        exports.release.forms.Forms, "_describe", lambda forms, page, released, documents: forms._originals.add(
            released.produced
        ) or forms._described.append({"original": True, "captures": []})
    )  # fmt: skip
    with pytest.raises(LeakFound, match=r"capture\.warc\.gz"):
        release(few, wanted, tmp_path / "leaky", profile="court")


def test_a_withheld_item_leaves_its_place_and_nothing_else(few: list[Drawn], tmp_path: Path) -> None:
    chosen = few[0].produced.items[3]
    gate = gate_of(few, (), **{chosen.id: ItemRelease(release="withheld", label="[14]")})
    released = gate.release(few[0].produced)
    left = released.produced.items[3]
    assert left.item.native_id.startswith("renamed-")  # its own id would lead to the very post
    assert (left.item.text, left.item.creator_name, left.versions) == ("[14]", "", ())
    assert not released.original


def test_a_page_whose_layout_is_not_known_is_withheld_as_a_whole(few: list[Drawn]) -> None:
    gate = replace(gate_of(few, rules(PLANTED)), page=lambda produced, capture: Page(layout=None))
    released = gate.release(few[0].produced)
    (picture,) = next(iter(released.pictures.values()))
    assert _pixels(picture.png).crop((0, 210, picture.width, picture.height)).getextrema() == ((0, 0),) * 3
