"""How each field of an item becomes the words that are searched; the same for every engine."""

from __future__ import annotations

from functools import lru_cache

from archiver.core.records import TEXT_SEPARATOR, IndexDoc
from index import analyser
from index.analyser import index_terms
from index.query import Field

_APART = " \ufffc "
"""A token no analysis gives (object replacement character): no phrase goes across it."""


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
    terms = _account_terms(doc.site, doc.account, doc.kind, doc.observed, doc.language).copy()
    terms["id"] = doc.id
    terms["record"] = doc.record_id
    for name, value in (("title", doc.title), ("creator", doc.creator), ("keyword", doc.keywords)):
        if value and (found := _short_terms(value)):
            terms[name] = found
    if body := _APART.join(filter(None, map(index_terms, doc.body.split(TEXT_SEPARATOR)))):
        terms["body"] = body
    return terms


@lru_cache(maxsize=10_000)
def _account_terms(site: str, account: str, kind: str, observed: str, language: str) -> dict[str, str]:
    """What the items of an account have in common: worked out once."""
    labels = {Field.SITE: site, Field.KIND: kind, Field.OBSERVED: observed, Field.LANGUAGE: language}
    terms = {field.value: label_terms(field, value) for field, value in labels.items()}
    terms[Field.ACCOUNT.value] = index_terms(account)
    return {name: found for name, found in terms.items() if found}


@lru_cache(maxsize=100_000)
def _short_terms(value: str) -> str:
    """Threads repeat their title, people their name."""
    return index_terms(value)


def forget() -> None:
    """Empty every memory of texts seen: for measuring, and after texts were destroyed."""
    _account_terms.cache_clear()
    _short_terms.cache_clear()
    analyser.forget()


def names_of(field: Field) -> tuple[str, ...]:
    """The names under which `field_terms` lists what `field` is looked for in."""
    return ("body", "title") if field is Field.TEXT else (field.value,)
