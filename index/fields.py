"""How each field of an item becomes the words that are searched; the same for every engine."""

from __future__ import annotations

from archiver.core.records import IndexDoc
from index.analyser import index_terms
from index.query import LABELS, Field

_SOURCES = {
    Field.SITE: "site",
    Field.ACCOUNT: "account",
    Field.CREATOR: "creator",
    Field.KIND: "kind",
    Field.OBSERVED: "observed",
    Field.LANGUAGE: "language",
    Field.KEYWORD: "keywords",
    Field.TITLE: "title",
}


def label_terms(field: Field, value: str) -> str:
    """The labels of `value`, case aside, joined by spaces.

    A language is also found by its family: ur-PK by ur.
    """
    labels = value.casefold().split()
    if field is Field.LANGUAGE:
        labels += [label.partition("-")[0] for label in labels if "-" in label]
    return " ".join(labels)


def field_terms(doc: IndexDoc) -> dict[str, str]:
    """Words and labels of every field of `doc` that has any, by name; `body` and `title` make up TEXT."""
    terms = {"id": doc.id, "record": doc.record_id}
    if body := index_terms(doc.body):
        terms["body"] = body
    for field, attribute in _SOURCES.items():
        value: str = getattr(doc, attribute)
        if value and (found := label_terms(field, value) if field in LABELS else index_terms(value)):
            terms[field.value] = found
    return terms


def names_of(field: Field) -> tuple[str, ...]:
    """The names under which `field_terms` lists what `field` is looked for in."""
    return ("body", "title") if field is Field.TEXT else (field.value,)
