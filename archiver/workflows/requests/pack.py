"""A sealed production as an encrypted ZIP, for its way to whom it is for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from archiver.core.archive import Archive
from archiver.core.errors import BadInput, BundleInvalid
from archiver.core.events import EventType
from archiver.core.people import Permission, Person
from exports.bundle.encrypted_zip import EncryptedZip, write_encrypted_zip
from exports.bundle.signed_bag import is_release
from exports.checking.bundle import check_bundle
from exports.checking.verifier import check


def pack_production(
    archive: Archive, number: str, id: str, password: str, *, into: Path, actor: Person, now: datetime
) -> EncryptedZip:
    """Pack the bundle as it was sealed; the password is kept nowhere, the trail has the ZIP's digest alone.

    Raises BadInput, BundleInvalid where the bundle is not what was sealed, ProductionRefused, StorageFull.
    """
    actor.require(Permission.ANSWER)
    request = archive.requests.request(number)
    filed = next((each for each in archive.requests.productions(request) if each.id == id), None)
    if filed is None:
        raise BadInput(f"{request.number} has no production {id}: archiver production list {request.number}")
    bundle = Path(filed.path)
    if not bundle.is_dir():
        raise BundleInvalid(f"{bundle} is not there: archiver production repeat {request.number} {id} makes it again")
    defects = check(bundle)[0] if is_release(bundle) else check_bundle(bundle).findings
    if defects:
        raise BundleInvalid(f"{bundle} is not as it was sealed: {'; '.join(defects[:5])}")
    made = write_encrypted_zip(bundle, into, password)
    with archive.change(at=now, actor=actor.id) as change:
        change.record(
            EventType.PACKED,
            [request.number, filed.id],
            {"bundle": filed.sha256, "zip": made.sha256, "size": made.size},
        )
    return made
