"""What the sample site shows: threads of an invented town, as they stood on each of two nights."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

NIGHTS = (1, 2)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who posts or comments."""

    handle: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Post:
    """A post or a comment as one night shows it, with the comments that answer it.

    `created` and `modified` are aware, in the town's own time. `title` is empty in comments,
    `image` where there is no picture.
    """

    id: str
    author: Person
    created: datetime
    modified: datetime | None
    language: str
    text: str
    title: str = ""
    keywords: tuple[str, ...] = ()
    image: str = ""
    alt: str = ""
    comments: tuple[Post, ...] = ()

    @property
    def direction(self) -> str:
        """`rtl` for a text in the Arabic script, else `ltr`."""
        return "rtl" if self.language == "ur" else "ltr"

    @property
    def paragraphs(self) -> list[str]:
        return self.text.split("\n\n")

    @property
    def comment_count(self) -> int:
        """Comments at every depth."""
        return sum(1 + comment.comment_count for comment in self.comments)


@cache
def threads(night: int) -> tuple[Post, ...]:
    """The threads as they stand on `night`, newest first. Raises ValueError for a night there is not."""
    if night not in NIGHTS:
        raise ValueError(f"the sample site has nights 1 and 2, not {night}")
    source = resources.files("archiver.sample").joinpath("content.toml").read_text(encoding="utf-8")
    tree = tomllib.loads(source)
    people = {person["handle"]: Person(**person) for person in tree["person"]}
    found = [_thread(thread, people, night) for thread in tree["thread"]]
    return tuple(sorted(found, key=lambda thread: thread.created, reverse=True))


def _thread(tree: dict[str, Any], people: dict[str, Person], night: int) -> Post:
    shown = [
        comment
        for comment in tree["comment"]
        if comment.get("on", 1) <= night and not (comment.get("deleted") and night > 1)
    ]

    def answers_to(id: int | None) -> tuple[Post, ...]:
        return tuple(
            _post(comment, people, night, tree["language"], answers_to(comment["id"]))
            for comment in shown
            if comment.get("answers") == id
        )

    return _post(tree | {"by": "rivermouth"}, people, night, tree["language"], answers_to(None))


def _post(
    tree: dict[str, Any], people: dict[str, Person], night: int, language: str, comments: tuple[Post, ...]
) -> Post:
    edit = tree.get("edited") if night > 1 else None
    return Post(
        id=str(tree["id"]),
        author=people[tree["by"]],
        created=tree["at"],
        modified=edit["at"] if edit else None,
        language=tree.get("language", language),
        text=(edit or tree)["text"].strip(),
        title=tree.get("title", ""),
        keywords=tuple(tree.get("keywords", ())),
        image=tree.get("image", ""),
        alt=tree.get("alt", ""),
        comments=comments,
    )
