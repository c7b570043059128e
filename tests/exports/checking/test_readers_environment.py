"""Programs that read a bundle's pages and pictures for the search for leaks see no token and no key."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pikepdf
import pytest

from exports.leaks.ocr import picture_reader
from exports.leaks.readings import Reading, read_all


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that answer with all they were given to see."""
    for name in ("pdftotext", "tesseract"):
        (tmp_path / name).write_text(f"#!{sys.executable}\nimport os\nprint(dict(os.environ))\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("ARCHIVER_TOKEN", "a token")
    monkeypatch.setenv("ARCHIVER_BUCKET_SECRET_KEY", "a key")


@pytest.mark.usefixtures("tools")
def test_what_reads_pages_of_a_bundle_sees_no_token() -> None:
    made = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.save(made)
    texts = [each.text for each in read_all("a.pdf", made.getvalue()) if isinstance(each, Reading)]
    assert any("PATH" in each for each in texts)
    assert not any("ARCHIVER" in each for each in texts)


@pytest.mark.usefixtures("tools")
def test_what_reads_pictures_of_a_bundle_sees_no_token() -> None:
    read = picture_reader()
    assert read is not None
    assert "PATH" in read(b"")
    assert "ARCHIVER" not in read(b"")
