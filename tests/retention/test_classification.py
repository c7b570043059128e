from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from archiver.core.records import Account, AccountId, RecordId, RecordKind
from retention.classification import FIELDS, Classification, classify, covers, undecided
from retention.file_plan import ClassificationRule
from tests.retention.values import RECORD, plan_of

ACCOUNT = Account(
    id=AccountId("acc_0000000000000001"),
    site="social.example",
    handle="@Rivermouth",
    url="https://social.example/@Rivermouth",
)


def rule(**conditions: str | tuple[str, ...]) -> ClassificationRule:
    pairs = tuple((key, (given,) if isinstance(given, str) else given) for key, given in conditions.items())
    return ClassificationRule(class_code="C", because="of the test", conditions=pairs)


def test_the_first_rule_that_matches_wins_and_says_why() -> None:
    notice = replace(RECORD, tags=("historic",), keywords=("avis",), language="fr-CA")
    assert classify(notice, plan_of().rules) == Classification(
        class_code="HIST", reason="rule 1: tagged by an officer", rule_number=1
    )
    untagged = replace(notice, tags=())
    assert classify(untagged, plan_of().rules) == Classification(
        class_code="NOTICE", reason="rule 2: a notice in French", rule_number=2
    )


def test_every_condition_of_a_rule_must_be_met() -> None:
    english = replace(RECORD, keywords=("notice",), language="en")
    found = classify(english, plan_of().rules)
    assert found is not None
    assert found.class_code == "COMMS-1"


def test_a_record_no_rule_matches_has_no_class() -> None:
    assert classify(replace(RECORD, kind=RecordKind.FILE), plan_of().rules) is None


def test_a_rule_without_conditions_matches_everything() -> None:
    assert classify(RECORD, [rule()]) is not None


@pytest.mark.parametrize(
    ("conditions", "changes"),
    [
        ({"site": "SOCIAL.example"}, {}),
        ({"kind": ("page", "thread")}, {}),
        ({"keyword": "CAFÉ"}, {"keywords": ("cafe\N{COMBINING ACUTE ACCENT}",)}),
        ({"keyword": "পৌৰসভা"}, {"keywords": ("পৌৰসভা",)}),
        ({"tag": "बजट"}, {"tags": ("पानी", "बजट")}),
        ({"keyword": "🚧"}, {"keywords": ("🚧",)}),
        ({"creator": "شہر کی انتظامیہ"}, {"creator_name": "شہر کی انتظامیہ"}),
        ({"creator": "rivermouth"}, {"creator_handle": "@Rivermouth"}),
        ({"creator": "@rivermouth"}, {"creator_handle": "@Rivermouth"}),
        ({"language": "fr"}, {"language": "fr-CA"}),
        ({"language": "fr-ca"}, {"language": "fr-CA"}),
        ({"account": "acc_0000000000000001"}, {"account_id": "acc_0000000000000001"}),
    ],
)
def test_conditions_compare_names_without_regard_to_case_or_composition(
    conditions: dict[str, Any], changes: dict[str, Any]
) -> None:
    assert classify(replace(RECORD, **changes), [rule(**conditions)]) is not None


@pytest.mark.parametrize(
    ("conditions", "changes"),
    [
        ({"language": "fr-CA"}, {"language": "fr"}),
        ({"language": "f"}, {"language": "fr"}),
        ({"site": "example"}, {}),
        ({"keyword": "road"}, {"keywords": ("roads",)}),
        ({"creator": "rivermouth"}, {}),
        ({"account": "@Rivermouth"}, {}),
    ],
)
def test_conditions_do_not_match_by_halves(conditions: dict[str, Any], changes: dict[str, Any]) -> None:
    assert classify(replace(RECORD, **changes), [rule(**conditions)]) is None


@pytest.mark.parametrize("name", ["@rivermouth", "rivermouth", "https://social.example/@Rivermouth"])
def test_an_account_is_known_by_handle_and_url(name: str) -> None:
    record = replace(RECORD, account_id=ACCOUNT.id)
    assert classify(record, [rule(account=name)], ACCOUNT) is not None
    assert classify(record, [rule(account="@elsewhere")], ACCOUNT) is None


def test_the_queue_of_undecided_records_leaves_out_what_has_a_class_or_gets_one() -> None:
    by_account = [rule(account="rivermouth")]
    waiting = replace(RECORD, id=RecordId("rec_0000000000000002"))
    filed = replace(RECORD, id=RecordId("rec_0000000000000003"), class_code="HIST")
    matched = replace(RECORD, id=RecordId("rec_0000000000000004"), account_id=ACCOUNT.id)
    assert undecided([filed, waiting, matched], by_account, {ACCOUNT.id: ACCOUNT}) == [waiting]


def test_the_fields_a_rule_may_name_are_those_of_the_manual() -> None:
    assert set(FIELDS) == {
        "account", "site", "kind", "keyword", "tag", "collection", "alert", "reply", "language", "creator",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("earlier", "later", "covered"),
    [
        ({}, {"kind": "thread"}, True),
        ({"kind": "thread"}, {"kind": "thread", "tag": "x"}, True),
        ({"kind": ["thread", "page"]}, {"kind": "Thread"}, True),
        ({"kind": "thread", "tag": "x"}, {"kind": "thread"}, False),
        ({"kind": "thread"}, {"kind": ["thread", "page"]}, False),
        ({"tag": "x"}, {"keyword": "x"}, False),
    ],
)
def test_a_rule_that_matches_all_that_a_later_one_does_is_found(
    earlier: dict[str, Any], later: dict[str, Any], covered: bool
) -> None:
    assert covers(rule(**earlier), rule(**later)) is covered


def test_a_collection_an_alert_and_a_reply_are_told_by_tags_and_by_the_root_post() -> None:
    record = replace(RECORD, tags=("collection:flood-2026", "alert:বিপদ"), is_reply=True)
    assert classify(record, [rule(collection="flood-2026", alert="বিপদ", reply="yes")]) is not None
    assert classify(RECORD, [rule(collection="flood-2026")]) is None
    assert classify(RECORD, [rule(reply="no")]) is not None
