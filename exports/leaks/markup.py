"""What a reader sees of a text with tags, HTML's or XML's: a name may go on behind one.

Tags are looked for by regular expressions only where something might be found: a text without its tags, roughly, is
made far more quickly, and has the same letters in a row.
"""

from __future__ import annotations

import re

import numpy as np

_ATTRIBUTES = r"""[^<>"']*+(?:"[^"<]*"[^<>"']*+|'[^'<]*'[^<>"']*+|["'][^<>"']*+)*+>"""
_INLINE = (
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|label|mark|q|s|samp|small|span|strike|strong"
    "|sub|sup|time|tt|u|var|wbr"
)
"""Tags that do not part the letters on either side (HTML 3.2.5.2.5: phrasing content)."""
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# slashes also as JSON may write them
_JOINING = re.compile(rf"<(?:\\?/)?(?:{_INLINE})(?![A-Za-z0-9-]){_ATTRIBUTES}", re.IGNORECASE)
_PARTING = re.compile(rf"<(?:\\?/)?[A-Za-z]{_ATTRIBUTES}")
_END_IN_QUOTES = re.compile(r"""="[^"<>]*>|='[^'<>]*>""")
_BEGINS_TAG = np.zeros(128, np.bool_)
_BEGINS_TAG[[ord(each) for each in "/\\ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"]] = True


def without_tags(text: str) -> str:
    """`text` with nothing in place of tags that are part of a line, and line breaks in place of others."""
    return _PARTING.sub("\n", _JOINING.sub("", _without_comments(text)))


def letters_without_tags(text: str) -> str:
    """A text with the same letters in a row as `without_tags` has, what is between them aside."""
    text = _without_comments(text)
    if _END_IN_QUOTES.search(text):
        return without_tags(text)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    ends = np.flatnonzero(codes == ord(">"))
    begins = np.flatnonzero(codes == ord("<"))
    if not len(ends) or not len(begins):
        return text
    # of each end, the last begin before it, unless another end stands between
    last = np.searchsorted(begins, ends) - 1
    starts = begins[np.maximum(last, 0)]
    follows = codes[np.minimum(starts + 1, len(codes) - 1)]
    begin_tags = _BEGINS_TAG[np.where(follows < len(_BEGINS_TAG), follows, 0)]
    tags = (last >= 0) & (starts > np.concatenate(([-1], ends[:-1]))) & begin_tags
    inside = np.zeros(len(codes) + 1, np.int8)
    inside[starts[tags]] += 1
    inside[ends[tags] + 1] -= 1
    kept: bytes = codes[np.cumsum(inside[:-1], dtype=np.int8) == 0].tobytes()
    return kept.decode("utf-32-le", "surrogatepass")


def _without_comments(text: str) -> str:
    return _COMMENT.sub("", text) if "<!--" in text else text
