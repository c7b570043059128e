"""Making a released production: reviewed records through the gate, numbered, searched for leaks, sealed.

The bundle grows in a `.part` directory, and a run that was broken off is gone on with (`resuming`). It is signed and
gets its name only when the leak check of every byte of it found nothing that stops it. From the same plan and inputs
come the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from archiver.core.clock import to_utc
from archiver.core.durable import make_directory, move_directory, part_path, storage_errors
from archiver.core.errors import LeakFound, ProductionRefused, StorageFull
from archiver.core.progress import Progress, silent
from exports.bundle.barring import without_barred
from exports.bundle.pages import About
from exports.bundle.produced import NotProduced, ProducedRecord, ProducedRequest
from exports.bundle.resuming import Pages, Progressing
from exports.bundle.signed_bag import seal_bag
from exports.leaks.findings import LeakReport
from exports.leaks.leak_check import LeakCheck
from exports.leaks.leak_helper import LeakHelper, is_worth_it
from exports.redaction.gate import Gate, ReleasedRecord
from exports.redaction.rules import RedactionRule, label, redact
from exports.redaction.secrets import Secret
from exports.redaction.spelling import tokens
from exports.release.documents import check_numbering, number_documents
from exports.release.forms import Forms, Told
from exports.release.plan import PROFILES, ReleasePlan, Surroundings


@dataclass(frozen=True, kw_only=True)
class Released:
    """A sealed production. `last` is the place after its last page, counted from the numbering's first."""

    path: Path
    sha256: str
    records: int
    items: int
    files: int
    size: int
    pages: int
    first: str
    last: str
    leaks: LeakReport
    not_produced: tuple[NotProduced, ...]
    taken_up: int = 0  # records whose pages an earlier run, broken off, had made


def make_release(
    request: ProducedRequest,
    records: Iterable[ProducedRecord],
    gate: Gate,
    plan: ReleasePlan,
    surroundings: Surroundings,
    *,
    into: Path,
    asked: int,
    not_produced: Sequence[NotProduced] = (),
    progress: Progress = silent,
) -> Released:
    """Make the bundle `into`, which must not exist yet.

    Raises ProductionRefused where nothing is left to hand over or the counts disagree, LeakFound, EvidenceDamaged,
    BadWarc, StorageFull; each leaves no bundle. What a run that was killed, stopped by Ctrl-C, a leak or a full disk
    had made is taken up where it would be made the same.
    """
    if plan.profile not in PROFILES:
        raise ProductionRefused(f"{plan.profile!r} is no profile: {', '.join(PROFILES)}")
    if into.exists():
        raise ProductionRefused(f"{into} exists already: a production is never written over; name another place")
    check_numbering(plan.numbering)
    part, going = part_path(into), Progressing(into)
    with storage_errors(into):
        make_directory(into.parent)
        going.begin()
        try:
            with ExitStack() as ending:
                making = _Making(request, gate, plan, surroundings, part, going, ending)
                made = making.make(records, asked, not_produced, progress)
            move_directory(part, into)
        except (KeyboardInterrupt, SystemExit):
            raise  # the next run goes on from here, as after a kill
        except (LeakFound, StorageFull, OSError):
            with suppress(StorageFull, OSError):  # what it cannot keep is made again
                going.stop()
            raise
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            going.end()
            raise
        going.end()
    return replace(made, path=into)


_BEGUN = re.compile(r"([^\W_]{2,})[*?~]")
"""A word that a query gives in part, or nearly."""


class _Making:
    """A release under way."""

    def __init__(
        self,
        request: ProducedRequest,
        gate: Gate,
        plan: ReleasePlan,
        surroundings: Surroundings,
        part: Path,
        going: Progressing,
        ending: ExitStack,
    ) -> None:
        self._going, self._taken_up = going, 0
        self._ending = ending
        self._helper: LeakHelper | None = None
        self._gate, self._plan, self._around, self._part = gate, plan, surroundings, part
        self._about = About(
            production_id=plan.id,
            made_at=to_utc(plan.made_at),
            made_by=plan.made_by,
            software=plan.software,
            request=_without_redacted(request, gate),
        )
        self._secrets: dict[Secret, None] = {}
        self._own: dict[str, list[str]] = {}
        self._shown: list[tuple[str, str]] = []
        self._left_out: list[NotProduced] = []
        self._counts = {"items": 0, "full": 0, "redacted": 0, "withheld": 0, "captures": 0}
        self._place = 0

    def make(
        self,
        records: Iterable[ProducedRecord],
        asked: int,
        not_produced: Sequence[NotProduced],
        progress: Progress,
    ) -> Released:
        plan, forms = self._plan, Forms(self._part, self._about, self._plan, self._around)
        self._left_out += [replace(each, reason=self._clean(each.reason)) for each in not_produced]
        exported = 0
        with ExitStack() as stack:
            forms.open(stack)
            for number, produced in enumerate(map(without_barred, records), 1):
                released, pages = self._release(produced)
                self._secrets |= dict.fromkeys(released.secrets)
                if released.withheld:
                    labels = dict.fromkeys(each.label for each in released.releases.values())
                    reason = f"every item of it is withheld: {', '.join(labels)}"
                    self._left_out.append(NotProduced(record_id=produced.record.id, reason=reason, withheld=True))
                    continue
                exported += 1
                self._add(forms, exported, released, pages)
                if self._helper is None and is_worth_it(forms.bag.files, forms.bag.size):
                    self._helper = self._ending.enter_context(LeakHelper())
                progress(number, asked, produced.record.id)
        if exported + len(self._left_out) != asked:
            raise ProductionRefused(
                f"{self._about.request.number}: {asked} records were frozen, but {exported} are produced and "
                f"{len(self._left_out)} explained"
            )
        if not exported:
            raise ProductionRefused(
                f"{self._about.request.number}: every record is withheld: answer with a refusal that names the sections"
            )
        first = plan.numbering.number(0)
        self._place = forms.finish(
            Told(
                counts=self._counts,
                not_produced=tuple(self._left_out),
                first=first,
                place=self._place,
                asked=asked,
                exported=exported,
            )
        )
        digest = forms.close()
        report = self._check()
        seal_bag(self._part, digest, self._around.sign)
        return Released(
            path=self._part,
            sha256=digest,
            records=exported,
            items=self._counts["items"],
            files=forms.bag.files,
            size=forms.bag.size,
            pages=self._place,
            first=first,
            last=plan.numbering.number(self._place - 1),
            leaks=report,
            not_produced=tuple(self._left_out),
            taken_up=self._taken_up,
        )

    def _release(self, produced: ProducedRecord) -> tuple[ReleasedRecord, Pages | None]:
        """Through the gate; without drawing anything where an earlier run made the very pages."""
        if self._going.knows(produced.record.id, self._place):
            released = replace(self._gate, pictures=False).release(produced)
            pages = self._going.kept(produced.record.id, self._place, self._made_of(released))
            if pages is not None:
                return released, pages
        return self._gate.release(produced), None

    def _made_of(self, released: ReleasedRecord) -> str:
        plan = self._plan
        parts = [plan.software, asdict(plan.numbering), plan.profile, plan.images, plan.pictures, released.drawn]
        return hashlib.sha256(json.dumps([*parts, self._gate.pictures]).encode()).hexdigest()

    def _add(self, forms: Forms, number: int, released: ReleasedRecord, pages: Pages | None) -> None:
        place, record = self._place, released.produced.record.id
        documents, self._place = number_documents(
            released,
            self._plan.numbering,
            place,
            pictures=self._plan.pictures,
            images=self._plan.images if self._plan.profile == "court" else "png",
            made=pages,
        )
        self._taken_up += pages is not None
        hidden = {each.item for each in released.secrets}
        for document in documents:
            if document.item is not None:
                own = released.ids.get(document.item.id, document.item.id)
                if own in hidden:
                    places = [f"/{each.number}.{each.ending}" for each in document.pages]
                    self._own[own] = [f"#{document.item.id}", f"/{document.begin}.txt", *places]
                redacted = any(each.item == document.item.id for each in released.log)
                how = document.release.release
                self._counts["withheld" if how == "withheld" else "redacted" if redacted else "full"] += 1
        if self._plan.pictures and self._plan.profile != "transfer":
            place_of = f"pictures from {documents[0].begin} on"
            self._shown += [(f"{place_of}, of {capture}", words) for capture, words in released.left.items()]
        self._counts["items"] += len(released.produced.items)
        self._counts["captures"] += len(released.produced.captures)
        files = forms.add(number, released, documents)
        if files:
            written = [
                [(files[page.number], page.ending, forms.bag.digest_of(files[page.number])) for page in each.pages]
                for each in documents
            ]
            self._going.note(record, place, self._made_of(released), written)

    def _check(self) -> LeakReport:
        check = LeakCheck(
            self._secrets,
            self._gate.rules,
            own=self._own,
            acknowledged=self._around.acknowledged,
            read_picture=self._going.reading(self._around.read_picture),
            numbers=self._plan.numbering.pattern,
        )
        for place, words in self._shown:  # as the page was laid out: OCR reads less, or is not there
            check.search_words(place, words)
        check.search_tree(self._part, self._helper)
        report = check.report()
        report.require_clean()
        return report

    def _clean(self, text: str) -> str:
        return redact(text, [each for each in self._gate.rules if each.scope == "everywhere"])[0]


def _without_redacted(request: ProducedRequest, gate: Gate) -> ProducedRequest:
    """What was asked and searched, as it may be told: a query often holds the very name, or a part of it."""
    rules = [each for each in gate.rules if each.scope == "everywhere"]

    def asked(query: str) -> str:
        telling = [each for each in rules if _tells_of(query, each)]
        return label(", ".join(dict.fromkeys(each.section for each in telling))) if telling else redact(query, rules)[0]

    return replace(
        request,
        subject=redact(request.subject, rules)[0],
        requester=redact(request.requester, rules)[0],
        searches=tuple(
            replace(each, query=asked(each.query), interpreted=asked(each.interpreted)) for each in request.searches
        ),
    )


def _tells_of(query: str, rule: RedactionRule) -> bool:
    """Whether a query gives a name away though it is not written out: `ritad*`, `das NEAR rita`, `creator:rita`.

    One word of a person's suffices, for the hits are marked; of a phrase it takes every word.
    """
    if rule.kind not in ("phrase", "person"):
        return False
    said = set(tokens(query))
    begun = [word for found in _BEGUN.findall(query) for word in tokens(found)]
    for phrase in rule.phrases:
        words = tokens(phrase)
        told = [word in said or any(word.startswith(each) for each in begun) for word in words]
        if all(told) or (rule.kind == "person" and any(told)):
            return True
    return False
