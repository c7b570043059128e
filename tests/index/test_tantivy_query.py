from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from index.engines.tantivy_query import one_slip_regex
from index.slips import within_slips
from tests.index.strategies import examples

_words = st.text(st.sampled_from("abc.ক্ৰہ"), min_size=1, max_size=6)


@examples(200, 5_000)
@given(_words, _words)
def test_the_slips_written_out_are_those_of_the_oracle(word: str, other: str) -> None:
    assert bool(re.fullmatch(one_slip_regex(word), other)) == within_slips(other, word, 1)
