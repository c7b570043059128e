"""From what mitmproxy holds of a request and its response to the exchange that is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from mitmproxy.certs import Cert
from mitmproxy.http import HTTPFlow

from archiver.core.warc import Exchange
from capture.proxy.heads import reason_phrase, without_chunking, write_head
from capture.proxy.tape import Take, Tape
from capture.secrets.echoes import without_echoes
from capture.secrets.masking import Fields, mask_headers, mask_request_body, mask_target


def exchange_of(flow: HTTPFlow, take: Take, tape: Tape, truncated: str | None) -> Exchange:
    """The exchange as it may be kept. Runs on the writer thread, when the response has ended."""
    request, response, server = flow.request, flow.response, flow.server_conn
    if response is None:
        raise AssertionError("an exchange has a response")
    secrets = tape.secrets
    request_fields = request_fields_of(flow)
    reason = response.data.reason or reason_phrase(response.status_code)
    protocols = ["h2" if response.is_http2 else response.http_version.lower()]
    if server.tls_version:
        protocols.append(server.tls_version.lower().replace("tlsv", "tls/"))
    url = secrets.mask_url(request.url)
    kept = without_echoes(response.headers.fields, take.body, secrets, tape.new_file)
    take.body = kept.body
    if kept.echoes:
        tape.echoed(url)
    return Exchange(
        uri=url,
        date=datetime.fromtimestamp(request.timestamp_start, UTC),
        request_head=write_head(
            b"%s %s HTTP/1.1" % (request.data.method, mask_target(request.data.path or b"/", secrets)),
            mask_headers(request_fields, secrets),
        ),
        request_body=mask_request_body(request_fields, request.raw_content or b"", secrets),
        response_head=write_head(
            b"HTTP/1.1 %d %s" % (response.status_code, reason),
            mask_headers(map(without_chunking, kept.fields), secrets),
        ),
        response_body=kept.body if kept.body is not None else b"",
        ip_address=server.peername[0].partition("%")[0] if server.peername else None,
        protocols=tuple(protocols),
        cipher_suite=server.cipher,
        metadata=_metadata(server.certificate_list, echoes=kept.echoes),
        truncated=truncated,
    )


def request_fields_of(flow: HTTPFlow) -> Fields:
    """The request's header fields; HTTP/2 names the host elsewhere."""
    fields: Fields = flow.request.headers.fields
    if "host" in flow.request.headers:
        return fields
    host = flow.request.authority or flow.request.pretty_host
    return ((b"Host", host.encode("utf-8", "surrogateescape")), *fields)


def pem(chain: Collection[Cert]) -> bytes:
    return b"".join(certificate.to_pem() for certificate in chain)


def _metadata(chain: Collection[Cert], *, echoes: bool) -> Mapping[str, object]:
    """What WARC-JSON-Metadata says of a response."""
    told: dict[str, object] = {}
    if digests := [f"sha256:{certificate.fingerprint().hex()}" for certificate in chain]:
        told["certificates"] = digests
    if echoes:
        told["echoes"] = "a secret value in the body was masked"
    return told
