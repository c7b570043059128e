"""An address whose record was destroyed: it is not visited, and that it is still listed is on record."""

from __future__ import annotations

from datetime import datetime

from archiver.core.archive import Archive
from archiver.core.records import AccountId, CaptureId, Outcome, new_id
from archiver.core.stubs import Stub
from archiver.workflows.filing.file_capture import Filed, file_observation, why_disposed
from capture.job import Observation


def file_disposed(
    archive: Archive,
    url: str,
    stub: Stub,
    *,
    actor: str,
    now: datetime,
    account: AccountId | None = None,
    job: str | None = None,
) -> Filed:
    """End the capture of `url`, which `Catalogue.stub_of_url` knows, as `disposed` without a visit."""
    id = CaptureId(new_id("cap"))
    staged = archive.objects.begin(id)
    observed = Observation(
        capture_id=id,
        url=url,
        final_url=url,
        started=now,
        finished=now,
        outcome=Outcome.DISPOSED,
        reason=f"{why_disposed(stub)}; the address was not visited",
    )
    return file_observation(archive, observed, staged, actor=actor, account=account, job=job)
