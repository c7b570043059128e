"""Records on paper, and items as pictures."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from archiver.cli import archiver
from archiver.core.archive import Archive
from archiver.core.errors import NotFound
from archiver.core.records import ObjectRole, RecordKind
from archiver.workflows.keeping.keep_holds import place_hold
from archiver.workflows.requests.print_record import print_record
from archiver.workflows.search.show_item import crop_item, crop_items
from capture.browser.browser import Paper
from retention.holds import Scope, ScopeKind
from tests.workflows.town import NOW, clerk

pytestmark = pytest.mark.browser


def threads(archive: Archive) -> list[str]:
    return [each.id for each in archive.catalogue.records() if each.kind is RecordKind.THREAD]


def letters(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)
    return "".join(each for each in folded if unicodedata.category(each)[0] in "LMN")


def is_arabic(text: str) -> bool:
    return any("\u0600" <= each <= "\u06ff" for each in text)


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext (poppler-utils) is not installed")
def test_a_print_holds_every_text_of_every_thread(archive: Archive, tmp_path: Path) -> None:
    for id in threads(archive)[:3]:
        path = tmp_path / "record.pdf"
        path.write_bytes(print_record(archive, id, paper=Paper.A4, now=NOW))
        said = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, text=True, check=True).stdout
        assert id in said
        printed = letters(said)
        for entry in archive.catalogue.items(id):
            for version in entry.versions:
                for word in version.text.split():
                    if is_arabic(word):  # Nastaliq is drawn letter by letter, slantwise: readers take it apart
                        assert set(letters(word)) <= set(printed), word
                    else:
                        assert letters(word) in printed, word
        for capture in archive.catalogue.captures(id):
            for stored in archive.catalogue.objects(capture.id):
                assert stored.sha256.removeprefix("sha256:") in re.sub(r"\s", "", said)


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext (poppler-utils) is not installed")
def test_a_print_says_what_the_record_is_held_for(archive: Archive, tmp_path: Path) -> None:
    id = threads(archive)[0]
    placed = place_hold(
        archive,
        matter="বৰা v. Town",
        mandate="an order",
        custodian="Clerk",
        reason="quoted",
        scopes=[Scope(kind=ScopeKind.RECORD, value=id)],
        actor=clerk(archive),
        now=NOW,
    )
    path = tmp_path / "record.pdf"
    path.write_bytes(print_record(archive, id, paper=Paper.A4, now=NOW))
    said = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, text=True, check=True).stdout
    assert placed.hold.id in said
    assert letters("বৰা") in letters(said)


def test_a_print_is_tagged_titled_and_of_the_same_bytes_when_made_again(archive: Archive) -> None:
    id = threads(archive)[0]
    first, second = (print_record(archive, id, paper=Paper.A4, now=NOW) for _ in range(2))
    assert first == second
    assert first.startswith(b"%PDF-")
    for sign in (b"/MarkInfo", b"/StructTreeRoot", b"/Outlines", b"/Lang", b"/Title", b"D:20260302120000+00'00'"):
        assert sign in first
    assert b"/JavaScript" not in first
    assert print_record(archive, id, paper=Paper.LETTER, now=NOW) != first


def test_every_item_on_a_screenshot_has_its_picture(archive: Archive) -> None:
    for id in threads(archive):
        pictures = list(crop_items(archive, id))
        assert [each.item_id for each in pictures] == [each.id for each in archive.catalogue.items(id)]
        for each in pictures:
            with Image.open(io.BytesIO(each.png)) as opened:
                assert opened.size == (
                    max(1, round(each.box.left + each.box.width) - int(each.box.left)),
                    max(1, round(each.box.top + each.box.height) - int(each.box.top)),
                )
                assert sum(opened.convert("L").histogram()[:128]) > 0  # there is something to read


def test_a_picture_is_cut_from_the_screenshot_that_is_kept(archive: Archive) -> None:
    id = threads(archive)[0]
    picture = crop_item(archive, id, "1")
    (stored, *_) = (
        each for each in archive.catalogue.objects(picture.capture.id) if each.role is ObjectRole.SCREENSHOT
    )
    with (
        Image.open(archive.objects.path_of(stored.path)) as page,
        Image.open(io.BytesIO(picture.png)) as cut,
    ):
        left, top = int(picture.box.left), int(picture.box.top)
        part = page.convert("RGB").crop((left, top, left + cut.width, top + cut.height))
        assert part.tobytes() == cut.convert("RGB").tobytes()


def test_the_command_cuts_every_item_into_a_directory(archive: Archive, tmp_path: Path) -> None:
    id = threads(archive)[0]
    items = archive.catalogue.items(id)
    config = {"ARCHIVER_CONFIG": str(archive.config_directory)}
    folder = tmp_path / "pictures"
    command = ["record", "crops", id, "-o", str(folder), "--archive", str(archive.directory)]
    ran = CliRunner().invoke(archiver, [*command, "--json"], env=config)
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.output)
    assert (told["record"], told["path"], told["without"]) == (id, str(folder), [])
    assert [each["item"] for each in told["pictures"]] == [each.id for each in items]
    for each, picture in zip(told["pictures"], crop_items(archive, id), strict=True):
        content = Path(each["path"]).read_bytes()
        assert (content, each["size"]) == (picture.png, len(content))
        assert each["box"] == [picture.box.left, picture.box.top, picture.box.width, picture.box.height]
    assert [path.name[:5] for path in sorted(folder.iterdir())] == [
        f"{number:04}-" for number, _ in enumerate(items, 1)
    ]
    assert f"{len(items)} pictures" in CliRunner().invoke(archiver, command, env=config).output


def test_an_item_that_is_none_is_said_to_be_none(archive: Archive) -> None:
    id = threads(archive)[0]
    with pytest.raises(NotFound, match="has no item 4711"):
        crop_item(archive, id, "4711")
    with pytest.raises(NotFound, match="no record"):
        print_record(archive, "rec_0000000000000000", paper=Paper.A4, now=NOW)
