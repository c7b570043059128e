"""How each field of an item becomes the words that are searched; the same for every engine."""

from __future__ import annotations

from functools import lru_cache

from archiver.core.records import TEXT_SEPARATOR, IndexDoc
from index import analyser, streams
from index.query import MAX_NEAR, Field
from index.streams import index_terms, words_and_marks

_APART = " \ufffc " + "\ufffc " * MAX_NEAR
"""Tokens no analysis gives (object replacement character): no phrase and no nearness goes across them."""

MARKS = "_marks"
"""Follows the name of a text's field where its hashtags, mentions and emoji are listed."""


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
    if doc.has:
        terms["has"] = label_terms(Field.HAS, doc.has)
    if doc.link:
        terms["link"] = label_terms(Field.LINK, doc.link)
    terms["id"] = doc.id
    terms["record"] = doc.record_id
    if doc.creator and (found := _short_terms(doc.creator)):
        terms["creator"] = found
    if doc.keywords and (found := _short_terms(doc.keywords)):
        terms["keyword"] = found
    if doc.title:
        _tell_apart("title", _title_terms(doc.title), terms)
    if TEXT_SEPARATOR in doc.body:
        texts = [words_and_marks(text) for text in doc.body.split(TEXT_SEPARATOR)]
        words = _APART.join(words for words, _ in texts if words)
        _tell_apart("body", (words, " ".join(marks for _, marks in texts if marks)), terms)
    else:
        _tell_apart("body", words_and_marks(doc.body), terms)
    return terms


def _tell_apart(name: str, found: tuple[str, str], terms: dict[str, str]) -> None:
    """Words have places, which phrases and nearness are about; marks stand beside them."""
    words, marks = found
    if words:
        terms[name] = words
    if marks:
        terms[name + MARKS] = marks


@lru_cache(maxsize=10_000)
def _account_terms(site: str, account: str, kind: str, observed: str, language: str) -> dict[str, str]:
    """What the items of an account have in common: worked out once."""
    labels = {Field.SITE: site, Field.KIND: kind, Field.OBSERVED: observed, Field.LANGUAGE: language}
    terms = {field.value: label_terms(field, value) for field, value in labels.items()}
    terms[Field.ACCOUNT.value] = index_terms(account)
    return {name: found for name, found in terms.items() if found}


@lru_cache(maxsize=100_000)
def _short_terms(value: str) -> str:
    """People repeat their name."""
    return index_terms(value)


@lru_cache(maxsize=10_000)
def _title_terms(title: str) -> tuple[str, str]:
    return words_and_marks(title)


def forget() -> None:
    """Empty every memory of texts seen: for measuring, and after texts were destroyed."""
    _account_terms.cache_clear()
    _short_terms.cache_clear()
    _title_terms.cache_clear()
    analyser.forget()
    streams.forget()


def names_of(field: Field, *, marks: bool = True) -> tuple[str, ...]:
    """The names under which `field_terms` lists what `field` is looked for in.

    Without `marks` only the words of a text, which have an order.
    """
    names = ("body", "title") if field is Field.TEXT else (field.value,)
    beside = tuple(name + MARKS for name in names if name in ("body", "title")) if marks else ()
    return names + beside
