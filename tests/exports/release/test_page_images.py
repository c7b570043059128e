"""Page images for a court: TIFF where a page is black and white, JPEG where it is in colour, boxes burned in."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from archiver.core.errors import LeakFound
from exports.checking.verifier import check
from exports.leaks.leak_check import LeakCheck
from exports.leaks.ocr import picture_reader
from exports.redaction.painting import slip_sheet, stamp
from exports.redaction.rules import RedactionRule
from exports.release.load_files import read_opt
from exports.release.page_images import page_image
from tests.exports.leaks.planted import release
from tests.exports.release.test_release import drawn, tree

RULE = RedactionRule(id="red_1", kind="phrase", scope="everywhere", section="14", phrases=("Rita Sharma",))


def coloured() -> bytes:
    page = Image.new("RGB", (300, 200), (255, 255, 255))
    page.paste((200, 30, 30), (10, 10, 100, 60))
    page.paste((0, 0, 0), (120, 80, 220, 120))  # a box
    out = io.BytesIO()
    page.save(out, "PNG")
    return out.getvalue()


def test_a_page_of_text_is_a_tiff_of_one_bit_and_group_4() -> None:
    png = stamp(slip_sheet(["No picture shows this item in one place."]), "ABC-000001")
    ending, content = page_image(png, "tiff")
    with Image.open(io.BytesIO(content)) as read, Image.open(io.BytesIO(png)) as before:
        assert (ending, read.format, read.mode, read.info["compression"]) == ("tif", "TIFF", "1", "group4")
        assert read.size == before.size
        assert read.info["dpi"] == (96, 96)
        assert isinstance(read, TiffImageFile)
        assert {270, 305, 306, 315, 34675} & set(read.tag_v2) == set()  # no description, software, date, name, profile
    assert page_image(png, "tiff") == (ending, content)


def test_a_page_in_colour_or_of_greys_is_a_jpeg_in_which_a_box_is_its_fill() -> None:
    ending, content = page_image(coloured(), "tiff")
    with Image.open(io.BytesIO(content)) as read:
        assert (ending, read.format, read.mode) == ("jpg", "JPEG", "RGB")
        assert read.getexif() == {}
        assert max(read.crop((130, 90, 210, 110)).tobytes()) < 6
    greys = Image.linear_gradient("L").convert("RGB")
    out = io.BytesIO()
    greys.save(out, "PNG")
    assert page_image(out.getvalue(), "tiff")[0] == "jpg"


def test_the_load_file_names_the_images_and_they_are_there(tmp_path: Path) -> None:
    made = release(drawn(tmp_path / "objects"), (), tmp_path / "bundle", profile="court", images="tiff")
    assert check(made.path)[0] == []
    pages = read_opt((made.path / "data/VOL01/LOADFILES/VOL01.opt").read_bytes())
    assert {each.path.rpartition(".")[2] for each in pages} <= {"tif", "jpg"}
    assert any(each.path.endswith(".tif") for each in pages)
    for each in pages:
        with Image.open(made.path / "data" / each.path[2:].replace("\\", "/")) as image:
            assert getattr(image, "n_frames", 1) == 1
    assert not list((made.path / "data/VOL01/IMAGES").rglob("*.png"))
    again = release(drawn(tmp_path / "again"), (), tmp_path / "second", profile="court", images="tiff")
    assert tree(again.path) == tree(made.path)


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed (package tesseract-ocr)")
@pytest.mark.parametrize("page", ["black and white", "in colour"])
def test_a_name_left_in_a_page_image_is_read_by_ocr(page: str) -> None:
    """Drawn as a page whose painting was switched off would be."""
    png = stamp(slip_sheet(["It was Rita Sharma who wrote."]), "ABC-000001")
    if page == "in colour":
        with Image.open(io.BytesIO(png)) as opened:
            tinted = opened.convert("RGB")
        tinted.paste((200, 30, 30), (10, 300, 100, 400))
        out = io.BytesIO()
        tinted.save(out, "PNG")
        png = out.getvalue()
    ending, content = page_image(png, "tiff")
    assert ending == {"black and white": "tif", "in colour": "jpg"}[page]
    looked = LeakCheck((), (RULE,), read_picture=picture_reader())
    looked.search(f"data/VOL01/IMAGES/0001/ABC-000001.{ending}", content)
    with pytest.raises(LeakFound, match="as read by OCR"):
        looked.report().require_clean()
