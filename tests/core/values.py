"""Values of every script, made by Hypothesis, for what must come back as it went."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from archiver.core.records import (
    Capture,
    CaptureId,
    Digest,
    Extraction,
    Item,
    ItemKind,
    MediaRef,
    ObjectRole,
    Outcome,
    RecordId,
    RecordKind,
    StoredObject,
)

SENTENCES = [
    "Avis : l’eau sera coupée à Régina",
    "শিৱসাগৰত পানী যোগান বন্ধ থাকিব",
    "कल जल आपूर्ति बंद रहेगी",
    "کل پانی کی فراہمی بند رہے گی",
    "Thanks! 👩🏽‍🚒🏳️‍🌈 #সাৱধান",
    "line one\nline two\r\n\u2028three\x85four\x00\x7f",
    "",
]
TEXTS = st.sampled_from(SENTENCES) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 1),  # noqa: DTZ001 - Hypothesis asks for naive bounds
    max_value=datetime(9999, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)
COUNTS = st.dictionaries(TEXTS, st.integers(0, 10**6), max_size=3)

MEDIA = st.builds(MediaRef, url=TEXTS, kind=st.sampled_from(["image", "video", "audio"]), alt=TEXTS)
ITEMS = st.builds(
    Item,
    native_id=TEXTS,
    parent_id=st.none() | TEXTS,
    kind=st.sampled_from(ItemKind),
    text=TEXTS,
    creator_name=TEXTS,
    creator_handle=TEXTS,
    created=st.none() | MOMENTS,
    modified=st.none() | MOMENTS,
    language=st.sampled_from(["as", "en", "fr", "hi", "ur", "und"]),
    links=st.lists(TEXTS, max_size=2).map(tuple),
    media=st.lists(MEDIA, max_size=2).map(tuple),
    source_url=TEXTS,
)
EXTRACTIONS = st.builds(
    Extraction,
    extractor=TEXTS,
    version=st.integers(1, 99),
    site=TEXTS,
    kind=st.sampled_from(RecordKind),
    native_root_id=st.none() | TEXTS,
    canonical_url=TEXTS,
    title=TEXTS,
    creator_name=TEXTS,
    creator_handle=TEXTS,
    created=st.none() | MOMENTS,
    modified=st.none() | MOMENTS,
    language=st.sampled_from(["as", "und"]),
    keywords=st.lists(TEXTS, max_size=3).map(tuple),
    declared=COUNTS,
    found=COUNTS,
)
OBJECTS = st.builds(
    StoredObject,
    path=TEXTS,
    role=st.sampled_from(ObjectRole),
    media_type=TEXTS,
    sha256=st.binary(min_size=32, max_size=32).map(lambda raw: Digest(f"sha256:{raw.hex()}")),
    size=st.integers(0, 2**50),
)
CAPTURES = st.builds(
    Capture,
    id=st.just(CaptureId("cap_00000000000000c1")),
    record_id=st.none() | st.just(RecordId("rec_0000000000000001")),
    url=TEXTS,
    final_url=TEXTS,
    started=MOMENTS,
    finished=MOMENTS,
    outcome=st.sampled_from(Outcome),
    reason=TEXTS,
    warc_records=st.integers(0, 10**6),
    account_id=st.none(),
    job_id=st.none() | TEXTS,
)
