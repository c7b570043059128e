"""Whatever the site sent and received while a page was captured lies in the WARC, byte for byte."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from archiver.core.records import CaptureId, Outcome
from archiver.core.warc import check_warc, read_records
from capture.browser.browser import Browser
from capture.browser.chromium import find_chromium
from capture.job import Observation, capture_page
from capture.observation import CaptureLimits
from capture.proxy.recording import Recorder
from tests.capture.fidelity.journal import Journal
from tests.capture.fidelity.scorer import Score, score
from tests.capture.fidelity.server import serving
from tests.capture.origin import make_certificates

pytestmark = pytest.mark.browser

PROVE = bool(os.environ.get("ARCHIVER_PROVE"))
LARGE = 200_000_000 if PROVE else 20_000_000
MOST_MEMORY = 150_000_000
LIMITS = CaptureLimits(load_seconds=90, idle_seconds=180, total_seconds=420, max_bytes=2 * LARGE + 50_000_000)


@dataclass
class Journey:
    """One capture of the whole site, and the site's own account of it."""

    wire: str  # "http" | "tls" | "h2"
    observed: Observation
    warc: Path
    journal: Journal
    score: Score
    memory: int  # the recording proxy's largest, in bytes


@pytest.fixture(scope="module", params=["http", "tls", "h2"])
def journey(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    folder = tmp_path_factory.mktemp("fidelity")
    authority, leaf = make_certificates(folder, "localhost")
    tls = None
    if request.param != "http":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(leaf)
        tls.set_alpn_protocols(["h2", "http/1.1"] if request.param == "h2" else ["http/1.1"])
    journal = Journal()
    with ExitStack() as stack:
        site, other = (stack.enter_context(serving(journal, tls)) for _ in range(2))
        allowed = [origin.partition("://")[2] for origin in (site, other)]
        recorder = stack.enter_context(
            Recorder(authority_dir=folder / "authority", allow_hosts=allowed, trust_ca=authority)
        )
        browser = stack.enter_context(Browser(executable=find_chromium(), ca_spki=recorder.ca_spki))
        observed = capture_page(
            f"{site}/journey?{other}|{LARGE}",
            capture_id=CaptureId("cap_0000000000000001"),
            recorder=recorder,
            browser=browser,
            into=folder,
            limits=LIMITS,
        )
        warc = folder / "capture.warc.gz"
        yield Journey(request.param, observed, warc, journal, score(journal, warc), _largest(recorder.pid))


def _largest(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])  # type: ignore[index]  # Linux has it


def test_the_capture_is_made_and_its_warc_is_whole(journey: Journey) -> None:
    assert journey.observed.outcome in (Outcome.COMPLETE, Outcome.PARTIAL), journey.observed.reason
    assert check_warc(journey.warc, records=journey.observed.warc_records).findings == ()


def test_at_least_35_kinds_of_response_were_asked_for(journey: Journey) -> None:
    asked = journey.journal.paths
    assert len(asked) >= 75, sorted(asked)
    for each in ("POST /graphql", "GET /service.js", "GET /from-service", "GET /from-nested", "GET /from-shared",
                 "POST /beacon", "OPTIONS /cross", "GET /popup.js", "GET /imported.js", "GET /socket-in-worker",
                 "GET /lazy.svg", "GET /video.mp4", "GET /video-in-source.webm", "GET /font.woff2"):  # fmt: skip
        assert each in asked


def test_every_response_that_was_sent_is_there(journey: Journey) -> None:
    assert journey.score.missing == []


def test_every_request_is_there_with_its_body(journey: Journey) -> None:
    assert journey.score.requests == []


def test_heads_are_exact_but_for_what_is_masked(journey: Journey) -> None:
    assert journey.score.heads == []


def test_bodies_are_exact_but_for_what_the_page_itself_hung_up_on(journey: Journey) -> None:
    assert journey.score.wrong == []
    whole = journey.score.bodies_sent - len(journey.score.exceptions)
    assert journey.score.exact == whole
    assert journey.score.exact >= 0.99 * (
        journey.score.bodies_sent - sum("hung-up-on" in each or "video" in each for each in journey.score.exceptions)
    )


def test_every_web_socket_message_is_there(journey: Journey) -> None:
    assert len(journey.journal.messages) > 8
    assert journey.score.messages == []


def test_the_proxy_stays_small(journey: Journey) -> None:
    print(f"{journey.wire}: {journey.memory / 1e6:.0f} MB for a body of {LARGE / 1e6:.0f} MB; {journey.score}")
    assert journey.memory < MOST_MEMORY


def test_server_address_protocol_cipher_and_chain_are_witnessed(journey: Journey) -> None:
    records = list(read_records(journey.warc))
    answered = [each for each in records if each.type == "response"]
    assert {each.header("WARC-IP-Address") for each in answered} == {"127.0.0.1"}
    page = next(each for each in answered if "/journey" in each.uri)
    protocols = {value for name, value in page.headers if name == "WARC-Protocol"}
    wanted = {"http": {"http/1.1"}, "tls": {"http/1.1", "tls/1.3"}, "h2": {"h2", "tls/1.3"}}
    assert protocols == wanted[journey.wire]
    chains = [each for each in records if each.uri.startswith("urn:certificates:")]
    if journey.wire == "http":
        assert chains == []
    else:
        assert len(chains) == 2
        assert (page.header("WARC-Cipher-Suite") or "").startswith("TLS_")
        assert "certificates" in (page.header("WARC-JSON-Metadata") or "")


def test_no_stored_head_claims_chunks(journey: Journey) -> None:
    answered = [each for each in read_records(journey.warc) if each.type == "response"]
    assert [each.uri for each in answered if each.http_header("Transfer-Encoding")] == []
