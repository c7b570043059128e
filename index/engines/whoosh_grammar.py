"""Whoosh's query parser as the grammar of AND, OR, NOT, fields and parentheses.

Only its grammar is used: it is handed placeholders in place of what a person typed, so
that its own rules for words, quotes and wildcards never see user text.
"""

from __future__ import annotations

import warnings
from typing import Any

with warnings.catch_warnings():  # Whoosh 2.7.4 has invalid escapes, which newer Pythons warn of
    warnings.simplefilter("ignore")
    from whoosh.fields import ID, Schema
    from whoosh.qparser import FieldsPlugin, GroupPlugin, OperatorsPlugin, QueryParser, WhitespacePlugin
    from whoosh.qparser.common import QueryParserError
    from whoosh.query import And, Not, Or, Term

from archiver.core.errors import BadQuery
from index.query import Field

Tree = tuple[str, tuple["Tree", ...]] | tuple[Field, int]
"""`("AND" | "OR" | "NOT", parts)`, or a leaf: its field, and the number of its placeholder."""


def _parser() -> QueryParser:
    plugins = [
        WhitespacePlugin(),
        GroupPlugin(),
        FieldsPlugin(),
        # AndNot is wrong over several segments in every release, the others are not offered.
        OperatorsPlugin(AndNot=None, AndMaybe=None, Require=None),
    ]
    schema = Schema(**{field.value: ID() for field in Field})
    return QueryParser(Field.TEXT.value, schema, plugins=plugins)


_PARSER = _parser()


def placeholder(number: int) -> str:
    """What stands for leaf `number` in the text handed to `parse_grammar`."""
    return f"leaf{number}"


def parse_grammar(text: str, leaves: int) -> Tree:
    """The tree of a query whose leaves are placeholders 0 to `leaves` - 1, all set apart by spaces.

    Raises BadQuery if the tree does not hold every leaf exactly once: then the query was
    read otherwise than it was written.
    """
    try:
        tree = _tree(_PARSER.parse(text, normalize=False))
    except (QueryParserError, RecursionError, IndexError, AttributeError, TypeError, ValueError) as error:
        raise BadQuery(f"the query cannot be understood ({error}); put words in quotation marks") from error
    if sorted(_numbers(tree)) != list(range(leaves)):
        raise BadQuery("the query cannot be understood; put words in quotation marks")
    return tree


def _tree(node: Any) -> Tree:
    if isinstance(node, Term):
        return Field(node.fieldname), int(node.text.removeprefix("leaf"))
    if isinstance(node, Not):
        return "NOT", (_tree(node.query),)
    for kind, name in ((And, "AND"), (Or, "OR")):
        if isinstance(node, kind):
            return name, tuple(_tree(part) for part in node.subqueries)
    raise ValueError(f"unexpected {type(node).__name__}")  # NullQuery and whatever else was not asked for


def _numbers(tree: Tree) -> list[int]:
    _, rest = tree
    return [rest] if isinstance(rest, int) else [number for part in rest for number in _numbers(part)]
