"""Which videos and sounds a capture must fetch whole itself."""

from __future__ import annotations

import pytest

from capture.media import MOST_MEDIA, MediaSeen, fetch_media, media_addresses

URL = "https://town.example/council.mp4"


def seen(*parts: tuple[int, str, bool]) -> list[str]:
    media = MediaSeen()
    for status, content_range, whole in parts:
        media.note(URL, status, "video/mp4", content_range, whole=whole)
    return media.partial()


@pytest.mark.parametrize(
    ("parts", "partial"),
    [
        ([(200, "", True)], False),
        ([(200, "", False)], True),
        ([(206, "bytes 0-99/1000", True)], True),
        ([(206, "bytes 0-999/1000", True)], False),
        ([(206, "bytes 0-999/1000", False)], True),  # broken off
        ([(206, "bytes 500-999/1000", True), (206, "bytes 0-499/1000", True)], False),
        ([(206, "bytes 0-399/1000", True), (206, "bytes 500-999/1000", True)], True),
        ([(206, "bytes 0-99/1000", True), (200, "", True)], False),
        ([(206, "bytes 0-99/*", True)], True),
        ([(404, "", True)], False),
    ],
)
def test_what_parts_make_a_whole(parts: list[tuple[int, str, bool]], partial: bool) -> None:
    assert seen(*parts) == ([URL] if partial else [])


def test_a_part_of_a_text_is_what_the_page_wanted() -> None:
    media = MediaSeen()
    media.note(URL, 206, "text/plain", "bytes 0-9/100", whole=True)
    assert media.partial() == []


def test_the_page_names_its_media() -> None:
    html = """<base href="/media/"><picture><source src="no.webp"></picture>
    <video src="a.mp4#t=10"><source src="b.webm"></video><audio src=" পানী.mp3 "></audio><source src="c">
    <video src="blob:https://town.example/1"></video><video><source src="a.mp4"></video><track src="x.vtt">
    <video src="http://["></video>"""
    assert media_addresses(html, "https://town.example/2026/") == [
        "https://town.example/media/a.mp4",
        "https://town.example/media/b.webm",
        "https://town.example/media/পানী.mp3",
        "https://town.example/media/x.vtt",
    ]


def test_what_could_not_be_fetched_is_told() -> None:
    lacking = fetch_media(lambda url: url != "b", ["a", "b", "c"], lambda _: None)
    assert lacking == ["1 of 3 videos and sounds could not be fetched whole, the first b"]
    assert fetch_media(lambda _: True, ["a"], lambda _: None) == []


def test_no_more_than_the_limit_are_fetched() -> None:
    asked: list[str] = []
    (told,) = fetch_media(lambda url: not asked.append(url), [str(n) for n in range(MOST_MEDIA + 2)], lambda _: None)  # type: ignore[func-returns-value]
    assert len(asked) == MOST_MEDIA
    assert told.startswith("2 of 52 videos")
