"""RFC 3161 time-stamps over checkpoints: requests, the check of a token, and when the next one is due.

A token says that the bytes stamped existed at or before its time, on the word of an authority that is
not the agency. Since a checkpoint commits to every event before it, and the event of a stamp to its
token, a later stamp also proves that all earlier tokens existed: so stamps are renewed, before the
authority's certificate ends or its algorithms weaken, by stamping a newer checkpoint.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, VerifierBuilder, decode_timestamp_response
from rfc3161_client.errors import VerificationError
from rfc3161_client.tsp import PKIStatus, TimeStampRequest, TimeStampResponse

from archiver.core.clock import from_iso, to_iso
from archiver.core.errors import BadSettings, TimestampFailed

DIRECTORY = "timestamps"
"""Below `trail/`: for each stamp `NAME.checkpoint`, the bytes stamped, and `NAME.tsr`, the authority's answer."""

RENEW_BEFORE = timedelta(days=90)
RETRY_AFTER = timedelta(hours=1)
EVERY = {"run": timedelta(0), "day": timedelta(hours=20), "week": timedelta(days=6.5), "month": timedelta(days=27)}
"""What `timestamp.every` takes; a little less than the name says, so that a nightly run is never just too early."""

Authorities = Sequence[x509.Certificate]
"""Trust anchors: the roots of authorities."""

_HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "1.3.14.3.2.26": "sha1",
    "1.2.840.113549.2.5": "md5",
}
WEAK = frozenset({"sha1", "md5"})
"""Digests that no stamp may rest on: extend it when another weakens, and every stamp on it is renewed."""


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """What a token says. `at` is the authority's time, `ends` when its certificate does, both UTC."""

    at: datetime
    ends: datetime
    authority: str
    algorithms: tuple[str, ...]  # of the imprint and of the signature
    serial: int

    @property
    def weak(self) -> bool:
        return any(each in WEAK for each in self.algorithms)

    def describe(self) -> dict[str, Any]:
        """For the event that tells of it."""
        return {"stamped": to_iso(self.at), "ends": to_iso(self.ends), "algorithms": list(self.algorithms)}


def stamp_of(detail: Mapping[str, Any]) -> Stamp:
    """What `describe` told of, without what only the token has."""
    return Stamp(
        at=from_iso(detail["stamped"]),
        ends=from_iso(detail["ends"]),
        authority="",
        algorithms=tuple(detail["algorithms"]),
        serial=0,
    )


def due_restamp(stamps: Sequence[Stamp], now: datetime) -> str:
    """Why the newest stamp no longer protects those before it for long; "" while it does."""
    if not stamps:
        return "there is no stamp yet"
    newest = max(stamps, key=lambda each: each.at)
    if newest.weak:
        return f"the newest stamp rests on {', '.join(sorted(WEAK & set(newest.algorithms)))}, which is weak"
    if newest.ends - now < RENEW_BEFORE:
        return f"the certificate of the newest stamp ends on {newest.ends:%Y-%m-%d}"
    return ""


def due_stamp(stamps: Sequence[Stamp], now: datetime, *, every: str, grown: bool, failed: datetime | None) -> str:
    """Why a stamp is due at the end of a run; "" where none is.

    `grown`: whether anything but the stamping itself happened since the newest stamp. `failed` is when
    the authority last gave none: it is not asked again within the hour.
    """
    if failed is not None and now - failed < RETRY_AFTER:
        return ""
    if reason := due_restamp(stamps, now):
        return reason
    newest = max(each.at for each in stamps)
    return f"the newest stamp is of {newest:%Y-%m-%d}" if grown and now - newest >= EVERY[every] else ""


# -- asking, and checking the answer ----------------------------------------------------------


def build_request(content: bytes) -> TimeStampRequest:
    """SHA-512 of the content, a nonce, and the wish for the authority's certificate; the content stays here."""
    return (
        TimestampRequestBuilder()
        .data(content)
        .hash_algorithm(HashAlgorithm.SHA512)
        .cert_request(cert_request=True)
        .build()
    )


def read_authorities(path: Path) -> Authorities:
    """The trust anchors of a PEM file. Raises BadSettings."""
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise BadSettings(f"timestamp.ca_file: {path} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise BadSettings(f"timestamp.ca_file: {path} holds no PEM certificate") from error
    return found


def check_token(answer: bytes, content: bytes, anchors: Authorities, *, nonce: int | None = None) -> Stamp:
    """What the answer proves of `content`: signature, chain as of its time, purpose and imprint are right.

    `nonce` is the request's, where the answer is fresh. Raises TimestampFailed, saying what is wrong.
    """
    try:
        return _check(_decode(answer), content, anchors, nonce)
    except (
        ValueError,
        KeyError,
        TypeError,
        x509.InvalidVersion,
    ) as error:  # a token is read piece by piece, and by need
        raise TimestampFailed(f"the token cannot be read ({str(error)[:80]})") from error


def _check(response: TimeStampResponse, content: bytes, anchors: Authorities, nonce: int | None) -> Stamp:
    certificates = _load(response)
    builder = VerifierBuilder(roots=list(anchors), intermediates=certificates[1:])
    if nonce is not None:
        builder = builder.nonce(nonce)
    try:
        builder.build().verify_message(response, content)
    except VerificationError as error:
        raise TimestampFailed(_plainly(str(error), certificates[0], response)) from error
    info = response.tst_info
    algorithms = {info.message_imprint.hash_algorithm, *response.signed_data.digest_algorithms}
    return Stamp(
        at=info.gen_time.astimezone(UTC),
        ends=min(each.not_valid_after_utc for each in certificates),
        authority=certificates[0].subject.rfc4514_string(),
        algorithms=tuple(sorted(_HASHES.get(each.dotted_string, each.dotted_string) for each in algorithms)),
        serial=info.serial_number,
    )


def _decode(answer: bytes) -> TimeStampResponse:
    try:
        response = decode_timestamp_response(answer)
        status = PKIStatus(response.status)
    except ValueError as error:
        raise TimestampFailed(f"the answer is no time-stamp response ({str(error)[:80]})") from error
    if status not in (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS):
        said = "; ".join(response.status_string or ())
        raise TimestampFailed(f"the authority refused: {status.name.lower()}{f' ({said})' if said else ''}")
    return response


def _load(response: TimeStampResponse) -> list[x509.Certificate]:
    """The certificates in the token, the signer's first."""
    signers = {(each.issuer, each.serial_number) for each in response.signed_data.signer_infos}
    found = [x509.load_der_x509_certificate(each) for each in response.signed_data.certificates]
    found.sort(key=lambda each: (each.issuer, each.serial_number) not in signers)
    if not found or (found[0].issuer, found[0].serial_number) not in signers:
        raise TimestampFailed("the token does not hold its signer's certificate: the authority must send it (certReq)")
    return found


def _plainly(reason: str, signer: x509.Certificate, response: TimeStampResponse) -> str:
    """The library's words, with what an officer can do something about."""
    at = response.tst_info.gen_time.astimezone(UTC)
    if not signer.not_valid_before_utc <= at <= signer.not_valid_after_utc:
        ended = f"{signer.not_valid_before_utc:%Y-%m-%d} to {signer.not_valid_after_utc:%Y-%m-%d}"
        return f"the authority's certificate was not valid when it stamped ({at:%Y-%m-%d}; valid {ended})"
    if "Mismatch between messages" in reason:
        return "the token is over other bytes than these"
    if "Nonce" in reason:
        return "the answer is to another request (its nonce differs)"
    if "EKU" in reason or "certificate purpose" in reason:
        return "the authority's certificate is not for time-stamping"
    if "verifying certificates" in reason:
        detail = re.search(r"Verify error: ([^\"]+)", reason)
        why = f" ({detail[1]})" if detail else ""
        return f"the token's signature, or its chain to timestamp.ca_file, is wrong{why}"
    return reason


def token_name(size: int, at: datetime) -> str:
    """A stamp's files are named by the events covered and the authority's time."""
    return f"{size:010d}-{at:%Y%m%d%H%M%S}"


def digest_of(answer: bytes) -> str:
    return f"sha256:{hashlib.sha256(answer).hexdigest()}"
