"""A token is what it says, or refused in words; stamps are due, and renewed, by a rule of the clock alone."""

from __future__ import annotations

import os
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from archiver.core import authority as asking
from archiver.core.authority import ask_authority
from archiver.core.errors import BadSettings, TimestampFailed
from archiver.core.timestamps import (
    RENEW_BEFORE,
    Stamp,
    build_request,
    check_token,
    digest_of,
    due_restamp,
    due_stamp,
    read_authorities,
    stamp_of,
)
from tests.core.authority import NOW, Authority, needs_openssl

CONTENT = "checkpoint: বান্ধ, بند".encode()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tsa")


def ask(authority: Authority, content: bytes = CONTENT) -> tuple[bytes, int]:
    request = build_request(content)
    assert request.nonce is not None
    return authority.answer(request.as_bytes()), request.nonce


@needs_openssl
def test_a_token_proves_the_bytes_at_the_authoritys_time(authority: Authority) -> None:
    asked = datetime.now(UTC)
    answer, nonce = ask(authority)
    stamp = check_token(answer, CONTENT, read_authorities(authority.ca_file), nonce=nonce)
    assert abs(stamp.at - asked) < timedelta(minutes=5)
    assert stamp.ends == NOW + timedelta(days=1000)
    assert stamp.authority == "CN=Authority of Rivermouth"
    assert stamp.algorithms == ("sha256", "sha512")
    assert not stamp.weak
    assert stamp_of(stamp.describe()).ends == stamp.ends


@needs_openssl
def test_stock_openssl_agrees(authority: Authority, tmp_path: Path) -> None:
    answer, _ = ask(authority)
    (tmp_path / "a.tsr").write_bytes(answer)
    for content, outcome in ((CONTENT, "Verification: OK"), (CONTENT + b"!", "Verification: FAILED")):
        (tmp_path / "a.checkpoint").write_bytes(content)
        command = [
            "openssl",
            "ts",
            "-verify",
            "-data",
            "a.checkpoint",
            "-in",
            "a.tsr",
            "-CAfile",
            str(authority.ca_file),
        ]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert outcome in ran.stdout + ran.stderr


def refusal(answer: bytes, authority: Authority, content: bytes = CONTENT, nonce: int | None = None) -> str:
    with pytest.raises(TimestampFailed) as caught:
        check_token(answer, content, read_authorities(authority.ca_file), nonce=nonce)
    return str(caught.value)


@needs_openssl
def test_a_token_over_other_bytes_is_refused(authority: Authority) -> None:
    answer, _ = ask(authority, b"other")
    assert refusal(answer, authority) == "the token is over other bytes than these"


@needs_openssl
def test_an_answer_to_another_request_is_refused(authority: Authority) -> None:
    answer, nonce = ask(authority)
    assert "another request" in refusal(answer, authority, nonce=nonce + 1)


@needs_openssl
def test_another_authoritys_token_is_refused(authority: Authority, tmp_path: Path) -> None:
    answer, _ = ask(Authority(tmp_path / "other"))
    assert "its chain to timestamp.ca_file" in refusal(answer, authority)


@needs_openssl
def test_a_token_made_after_the_certificate_ended_is_refused(tmp_path: Path) -> None:
    late = Authority(tmp_path / "tsa", begins=NOW - timedelta(days=20), ends=NOW - timedelta(days=10))
    answer, _ = ask(late)
    assert "certificate was not valid when it stamped" in refusal(answer, late)


@needs_openssl
def test_a_rejection_is_told_with_the_authoritys_own_words(tmp_path: Path) -> None:
    refusing = Authority(tmp_path / "tsa", digests="sha384")
    answer, _ = ask(refusing)
    said = refusal(answer, refusing)
    assert said.startswith("the authority refused: rejection (")
    assert "algorithm" in said.lower()


@needs_openssl
@pytest.mark.parametrize("cut", [0, 1, 9, 200])
def test_a_cut_answer_is_refused(cut: int, authority: Authority) -> None:
    answer, _ = ask(authority)
    refusal(answer[:cut], authority)


@pytest.mark.parametrize("answer", [b"", b"garbage", b"<html>503</html>", b"\x30\x80", "بند".encode()])
def test_what_is_no_answer_is_refused(answer: bytes, authority: Authority) -> None:
    assert refusal(answer, authority).startswith("the answer is no time-stamp response")


@needs_openssl
def test_every_changed_byte_is_refused_or_means_nothing(authority: Authority) -> None:
    answer, nonce = ask(authority)
    anchors = read_authorities(authority.ca_file)
    whole = check_token(answer, CONTENT, anchors, nonce=nonce)
    unlike = 0
    for place in range(0, len(answer), 1 if os.environ.get("ARCHIVER_PROVE") else 7):
        changed = bytearray(answer)
        changed[place] ^= 1 << place % 8
        try:
            found = check_token(bytes(changed), CONTENT, anchors, nonce=nonce)
        except TimestampFailed:
            continue
        unlike += found != whole  # an unsigned attribute or an encoding's slack: what is proved is the same
    assert unlike == 0


@needs_openssl
def test_a_certificate_for_another_purpose_is_refused(authority: Authority, tmp_path: Path) -> None:
    """OpenSSL does not stamp with such a one: a good token's content is signed anew by it."""
    answer, _ = ask(authority)
    web = Authority(tmp_path / "web", purpose=ExtendedKeyUsageOID.SERVER_AUTH)
    assert "is not for time-stamping" in refusal(web.sign_as_token(answer), web)


def test_authorities_are_read_from_pem(tmp_path: Path) -> None:
    for name, content in (("missing.pem", None), ("empty.pem", b""), ("other.pem", b"no certificate")):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(BadSettings, match=rf"timestamp\.ca_file: .*{name}"):
            read_authorities(tmp_path / name)


# -- asking -----------------------------------------------------------------------------------


@needs_openssl
def test_only_a_digest_and_a_number_leave_the_machine(authority: Authority) -> None:
    request = build_request(CONTENT).as_bytes()
    assert len(request) < 120
    assert CONTENT not in request
    with authority.serve() as url:
        answer = ask_authority(url, request)
    assert check_token(answer, CONTENT, read_authorities(authority.ca_file)).authority


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
def test_any_other_status_than_200_is_a_failure_and_no_redirect_is_followed(status: int, authority: Authority) -> None:
    with authority.serve(status=status, body=b"") as url, pytest.raises(TimestampFailed, match=f"with status {status}"):
        ask_authority(url, b"x")


def test_an_endless_answer_is_cut_off(authority: Authority) -> None:
    with authority.serve(body=bytes(1 << 20)) as url, pytest.raises(TimestampFailed, match="that is no time-stamp"):
        ask_authority(url, b"x")


def test_nobody_there_is_a_failure(authority: Authority) -> None:
    with authority.serve() as url:
        pass
    with pytest.raises(TimestampFailed, match="cannot be reached"):
        ask_authority(url, b"x")


def test_an_authority_that_does_not_answer_is_given_up(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_SECONDS", 0.2)
    with (
        authority.serve(wait=threading.Event(), body=b"") as url,
        pytest.raises(TimestampFailed, match="did not answer"),
    ):
        ask_authority(url, b"x")


def test_what_the_environment_says_of_proxies_is_not_asked(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with authority.serve(body=b"said") as url:
        assert ask_authority(url, b"x") == b"said"
        with pytest.raises(httpx.ConnectError):
            httpx.post(url, content=b"x")


# -- when -------------------------------------------------------------------------------------

DAY = timedelta(days=1)


def stamped(at: datetime, ends: datetime = NOW + 1000 * DAY, *algorithms: str) -> Stamp:
    return Stamp(at=at, ends=ends, authority="a", algorithms=algorithms or ("sha512",), serial=1)


@pytest.mark.parametrize(
    ("stamps", "reason"),
    [
        ((), "there is no stamp yet"),
        ((stamped(NOW - DAY),), ""),
        ((stamped(NOW - DAY, NOW + RENEW_BEFORE - DAY),), "the certificate of the newest stamp ends on"),
        ((stamped(NOW - 2 * DAY, NOW + DAY), stamped(NOW - DAY)), ""),
        ((stamped(NOW - DAY), stamped(NOW - 2 * DAY, NOW + DAY)), ""),
        ((stamped(NOW - DAY, NOW + 900 * DAY, "sha1", "sha512"),), "rests on sha1, which is weak"),
    ],
)
def test_a_stamp_is_renewed_before_its_certificate_ends_or_when_its_hash_is_weak(
    stamps: tuple[Stamp, ...], reason: str
) -> None:
    assert (due_restamp(stamps, NOW) == "") == (reason == "")
    assert reason in due_restamp(stamps, NOW)


@pytest.mark.parametrize(
    ("age", "every", "grown", "due"),
    [
        (timedelta(minutes=1), "run", True, True),
        (timedelta(minutes=1), "run", False, False),
        (timedelta(hours=5), "day", True, False),
        (timedelta(hours=23), "day", True, True),
        (timedelta(hours=23), "day", False, False),
        (3 * DAY, "week", True, False),
        (7 * DAY, "week", True, True),
        (26 * DAY, "month", True, False),
        (28 * DAY, "month", True, True),
    ],
)
def test_a_stamp_is_due_as_often_as_the_settings_say_and_only_where_something_happened(
    age: timedelta, every: str, grown: bool, due: bool
) -> None:
    assert bool(due_stamp([stamped(NOW - age)], NOW, every=every, grown=grown, failed=None)) == due


def test_after_a_failure_the_authority_is_left_alone_for_an_hour() -> None:
    assert not due_stamp([], NOW, every="run", grown=True, failed=NOW - timedelta(minutes=59))
    assert due_stamp([], NOW, every="run", grown=True, failed=NOW - timedelta(minutes=61))


def test_a_token_is_named_by_its_digest() -> None:
    assert digest_of(b"abc") == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
