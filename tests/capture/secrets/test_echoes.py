"""A body that gives a secret back is kept decoded and without it; any other byte for byte."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import BinaryIO

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from capture.secrets.echoes import without_echoes
from capture.secrets.masking import Secrets

SECRET = "s3cr3t/বান্ধ-token"
SECRETS = Secrets([SECRET])
TEXT = b"The dam is safe. " * 90_000


def kept(
    body: bytes, *fields: tuple[bytes, bytes], secrets: Secrets = SECRETS
) -> tuple[bytes, dict[bytes, bytes], bool]:
    found = without_echoes(fields, io.BytesIO(body), secrets, io.BytesIO)
    assert found.body is not None
    found.body.seek(0)
    return found.body.read(), dict(found.fields), found.echoes


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        (b"gzip", gzip.compress),
        (b"deflate", zlib.compress),
        (b"br", brotli.compress),
        (b"zstd", zstandard.compress),
        (b"", bytes),
    ],
)
def test_a_secret_is_found_under_every_encoding(name: bytes, pack: object) -> None:
    body: bytes = pack(TEXT + SECRET.encode() + TEXT)  # type: ignore[operator]
    plain, fields, echoes = kept(body, (b"Content-Encoding", name), (b"Content-Length", b"%d" % len(body)))
    assert echoes
    assert plain == TEXT + b"*" * len(SECRET.encode()) + TEXT
    if name:
        assert fields == {b"X-Orig-Content-Encoding": name, b"X-Orig-Content-Length": b"%d" % len(body)}
    else:
        assert fields[b"Content-Length"] == b"%d" % len(plain)


def test_a_body_without_secrets_stays_packed_as_it_came() -> None:
    body = gzip.compress(TEXT)
    assert kept(body, (b"Content-Encoding", b"gzip")) == (body, {b"Content-Encoding": b"gzip"}, False)


def test_large_pictures_are_not_searched_but_drawings_are_and_what_is_small_whatever_it_is_called() -> None:
    assert not kept(SECRET.encode() + bytes(1 << 20), (b"Content-Type", b"image/png"))[2]
    assert kept(SECRET.encode(), (b"Content-Type", b"image/png"))[2]
    assert kept(SECRET.encode(), (b"Content-Type", b"image/svg+xml"))[2]


@pytest.mark.parametrize(
    "spelling",
    ["s3cr3t%2F%E0%A6%AC%26%2B", "s3cr3t/%e0%a6%ac%26%2b", "s3cr3t\\/\\u09ac&+", "s3cr3t/\\u09ac&+", "s3cr3t/ব&amp;+"],
)
def test_it_is_found_as_urls_json_and_pages_spell_it(spelling: str) -> None:
    plain, _, echoes = kept(b"see " + spelling.encode(), secrets=Secrets(["s3cr3t/ব&+"]))
    assert echoes
    assert plain == b"see " + b"*" * len(spelling.encode())


@given(st.binary(max_size=60), st.integers(0, 1 << 20))
def test_no_secret_hides_where_two_pieces_meet(after: bytes, place: int) -> None:
    body = bytes(place) + SECRET.encode() + after
    plain, _, echoes = kept(body)
    assert echoes
    assert SECRET.encode() not in plain
    assert len(plain) == len(body)


def test_no_body_is_none() -> None:
    def refuse() -> BinaryIO:
        raise AssertionError("nothing is to be written")

    assert without_echoes((), None, SECRETS, refuse).body is None
