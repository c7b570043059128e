"""Numbers stamped on the pages of a PDF, and its file made again without what a printer left in it."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pikepdf


def count_pages(pdf: bytes) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return len(opened.pages)


def stamp_pages(pdf: bytes, numbers: Sequence[str], *, title: str) -> bytes:
    """Each page with its number at its lower left; the same pages and numbers give the same bytes.

    ValueError where there are not as many numbers as pages.
    """
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        if len(numbers) != len(opened.pages):
            raise ValueError(f"{len(numbers)} numbers for {len(opened.pages)} pages")
        font = opened.make_indirect(
            pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        )
        for page, number in zip(opened.pages, numbers, strict=True):
            name = page.add_resource(font, pikepdf.Name.Font)
            text = f"q BT {name} 9 Tf 24 14 Td ({number}) Tj ET Q".encode()
            page.contents_coalesce()
            page.contents_add(b"q\n", prepend=True)
            page.contents_add(b"\nQ\n" + text)
        for key in list(opened.docinfo.keys()):
            del opened.docinfo[key]
        opened.docinfo[pikepdf.Name.Title] = title
        if pikepdf.Name.Metadata in opened.Root:
            del opened.Root[pikepdf.Name.Metadata]
        out = io.BytesIO()
        opened.save(out, deterministic_id=True, linearize=False, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return out.getvalue()
