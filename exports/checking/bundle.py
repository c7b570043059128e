"""Checking a production without its archive: everything that can be checked, every defect in plain words.

The bundle may come from anyone. What could not be checked is a finding too.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from archiver.core.errors import NotFound
from archiver.core.signing import fingerprint
from exports.checking.bag import check_bag, show
from exports.checking.content import check_content, read_json
from exports.checking.pages import check_page
from exports.checking.trail import check_trail, is_signed
from exports.checking.unpacking import ZIP_FAULTS, unpack


@dataclass(frozen=True, kw_only=True)
class BundleReport:
    """What a check found. `sha256` names the bundle: compare it with the one the agency keeps.

    `signed_by` is the fingerprint of the key that signed the trail's checkpoint (compare it with the
    one the agency publishes), `signed_at` the checkpoint's moment in ISO 8601 UTC; both are None
    where the bundle has no readable checkpoint. `proved` says in plain words what was shown and what
    only the seal can show; it is empty where there are findings.
    """

    path: Path
    findings: tuple[str, ...]
    proved: tuple[str, ...]
    files: int
    size: int  # bytes of payload
    records: int
    items: int
    captures: int
    production_id: str | None
    sha256: str | None
    signed_by: str | None
    signed_at: str | None

    @property
    def ok(self) -> bool:
        return not self.findings


def check_bundle(path: Path, *, trusted: str | None = None, seal: str | None = None) -> BundleReport:
    """Check the production at `path`, a directory or a ZIP file of one.

    `trusted` is the published fingerprint (`ed25519:...`) the trail must be signed with; without it
    any key will do, and only that the signature fits is shown. `seal` is the SHA-256 of
    tagmanifest-sha256.txt as the agency tells it, in hex; without it the pages are not proved. Raises
    NotFound where nothing is there.
    """
    if path.is_dir():
        return _check_directory(path, path, [], trusted, seal)
    if not path.is_file():
        raise NotFound(f"{path} is no bundle: name the directory of a production, or a ZIP file of one")
    with tempfile.TemporaryDirectory(prefix="archiver-check-") as directory:
        findings: list[str] = []
        try:
            root = unpack(path, Path(directory), findings)
        except ZIP_FAULTS as error:
            findings.append(f"{path.name} cannot be unpacked: {error}")
            root = Path(directory)
        return _check_directory(root, path, findings, trusted, seal)


def _check_directory(root: Path, path: Path, before: list[str], trusted: str | None, seal: str | None) -> BundleReport:
    findings = list(before)
    bag = check_bag(root)
    findings += bag.findings
    findings += _check_seal(bag.sha256, seal)
    for name in sorted(bag.digests):
        if name.lower().endswith((".html", ".htm", ".xhtml", ".svg")) and not name.startswith("data/records/"):
            findings += check_page(root / name, name)
    content = check_content(root, bag.digests)
    findings += content.findings
    trail = read_json(root / "data/trail.json", "data/trail.json", findings)
    checkpoint = None
    if trail is not None:
        problems, checkpoint = check_trail(trail, content.manifests, trusted)
        findings += [f"data/{each}" if each.startswith("trail.json") else each for each in problems]
    described = read_json(root / "data/production.json", "data/production.json", []) or {}
    identity = described.get("id")
    signed = checkpoint is not None and is_signed(checkpoint)
    signer = fingerprint(checkpoint.public_key) if checkpoint is not None and signed else None
    return BundleReport(
        path=path,
        findings=tuple(dict.fromkeys(show(each) for each in findings)),
        proved=() if findings else _state(signer, trusted, seal),
        files=len(bag.digests),
        size=bag.size,
        records=content.records,
        items=content.items,
        captures=len(content.manifests),
        production_id=show(identity) if isinstance(identity, str) else None,
        sha256=bag.sha256,
        signed_by=signer,
        signed_at=show(checkpoint.at) if checkpoint is not None and signed else None,
    )


def _check_seal(found: str | None, seal: str | None) -> list[str]:
    if seal is None or seal.strip().lower().removeprefix("sha256:") == found:
        return []
    return [f"tagmanifest-sha256.txt has the SHA-256 {found}, not {seal}: this is not the bundle that was sealed"]


def _state(signer: str | None, trusted: str | None, seal: str | None) -> tuple[str, ...]:
    """What a check without findings proves: first by the trail, then by the seal."""
    signed = f"the audit trail signed by {signer}"
    whose = "" if trusted else "; compare this key with the one the agency publishes"
    sealed = (
        "All the rest, index.html and threads/ too, is what was sealed: the bundle has the seal you named."
        if seal
        else "NOT proved: the pages index.html and threads/ are only as good as the seal: compare it. So are "
        "README.txt, production.json, the page list of production.wacz, titles, states, what the search found, "
        "and that no record was left out."
    )
    return (
        f"The captured files in records/ and the WARCs in production.wacz are those noted in {signed}{whose}.",
        "Every text, creator, date and reply in items.jsonl and items.csv stands in those captured files, and no "
        "item they show is missing.",
        sealed,
    )
