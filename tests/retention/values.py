"""Records and plans the retention tests share."""

from __future__ import annotations

from datetime import UTC, datetime

from archiver.core.records import Record, RecordId, RecordKind
from retention.file_plan import FilePlan
from retention.plan_file import read_plan

PLAN = """
title = "Rivermouth file plan"

[[class]]
code = "COMMS"
title = "Communication"

[[class]]
code = "COMMS-1"
title = "Routine exchanges"
parent = "COMMS"
[class.schedule]
mandate = "By-law 12/2019"
trigger = "last_activity"
period = "P7Y"
action = "destroy"

[[class]]
code = "NOTICE"
title = "Public notices"
[class.schedule]
mandate = "By-law 13/2019"
trigger = "created"
period = "P1Y"
cutoff = "03-31"
action = "review"
approvals = 1
effective_from = 2026-01-01

[[class]]
code = "POLICY"
title = "জনসাধাৰণৰ পৰামৰ্শ"
[class.schedule]
mandate = "Archives Act, s. 9"
trigger = "event:consultation-closed"
period = "P10Y"
action = "transfer"

[[class]]
code = "HIST"
title = "Of lasting interest"
[class.schedule]
mandate = "Archives Act, s. 2"
period = "permanent"
action = "permanent"

[[rule]]
match = { tag = "historic" }
class = "HIST"
because = "tagged by an officer"

[[rule]]
match = { keyword = ["Avis", "notice"], language = "fr" }
class = "NOTICE"
because = "a notice in French"

[[rule]]
match = { kind = "thread" }
class = "COMMS-1"
because = "any other thread"
"""


def plan_of(source: str = PLAN) -> FilePlan:
    return read_plan(source, "plan.toml")


RECORD = Record(
    id=RecordId("rec_0000000000000001"),
    site="social.example",
    kind=RecordKind.THREAD,
    native_root_id="1",
    canonical_url="https://social.example/1",
    created=datetime(2026, 1, 5, 9, 0, tzinfo=UTC),
    first_captured=datetime(2026, 1, 6, 2, 0, tzinfo=UTC),
    last_captured=datetime(2026, 4, 2, 2, 0, tzinfo=UTC),
    last_activity=datetime(2026, 4, 1, 12, 0, tzinfo=UTC),
)
