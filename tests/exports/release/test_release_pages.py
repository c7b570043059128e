"""The pages around a release: what the letter, the exemption log and the first printed page say."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import pikepdf
import pytest

from exports.redaction.rules import RedactionRule
from tests.exports.leaks.planted import Drawn, around, release
from tests.exports.release.test_release import LAYOUT, drawn
from tests.exports.sample import make_record

NOTHING_REDACTED = "Nothing was redacted or withheld."
LOG_NAMES = "The exemption log names the section for each"


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_a_log_of_nothing_says_so(tmp_path: Path) -> None:
    made = release(drawn(tmp_path / "objects"), (), tmp_path / "bundle").path / "data"
    assert NOTHING_REDACTED in read(made / "exemptions.html")
    assert "<table>" not in read(made / "exemptions.html")
    assert LOG_NAMES not in read(made / "letter.html")


def test_a_log_of_something_has_its_table_and_the_letter_leads_to_it(tmp_path: Path) -> None:
    rule = RedactionRule(id="red_1", kind="phrase", scope="everywhere", section="8(1)(j)", phrases=("Zoë Smith",))
    made = release(drawn(tmp_path / "objects", title="Zoë Smith asks"), (rule,), tmp_path / "bundle").path / "data"
    assert NOTHING_REDACTED not in read(made / "exemptions.html")
    assert "8(1)(j)" in read(made / "exemptions.html").partition("<tbody>")[2].partition("</tbody>")[0]
    assert LOG_NAMES in read(made / "letter.html")


def test_a_letter_counts_one_record_as_one(tmp_path: Path) -> None:
    one = Drawn(make_record(tmp_path / "objects", "1"), LAYOUT, {})
    made = release([one], (), tmp_path / "bundle").path / "data"
    assert " in 1 record, on pages " in read(made / "letter.html")


@pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="needs poppler-utils: what nobody can search is not sealed"
)
@pytest.mark.parametrize("title", ["Où est le pont ?", "পানী যোগান", "जल आपूर्ति", "پانی کی فراہمی", "🚧 <b>road</b>"])
def test_the_first_printed_page_lists_every_record_with_its_pages(tmp_path: Path, title: str) -> None:
    printed = list[str]()

    def print_pdf(page: Path) -> bytes:
        printed.append(read(page))
        with pikepdf.new() as blank:
            blank.add_blank_page()
            blank.save(written := io.BytesIO())
        return written.getvalue()

    release(
        drawn(tmp_path / "objects", title=title),
        (),
        tmp_path / "bundle",
        surroundings=around(print_pdf=print_pdf),
    )
    (page,) = printed
    contents = page.partition("<tbody>")[2].partition("</tbody>")[0]
    shown = title.replace("<", "&lt;").replace(">", "&gt;")
    assert contents.count(f">{shown}</a>") == 3
    places = re.findall(r'href="#(record-\d)"', contents)
    assert places == ["record-1", "record-2", "record-3"]
    assert all(f'id="{each}"' in page for each in places)
    assert re.findall(r"ABC-\d+ to ABC-\d+", contents) == re.findall(r", pages (ABC-\d+ to ABC-\d+)", page)
