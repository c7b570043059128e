"""The logins of the recording proxy: which capture a connection is of.

HTTP's Basic scheme in Proxy-Authorization (RFC 9110, section 11.7; RFC 7617). What comes without the
login of a capture under way is answered 407 and goes no further.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Mapping
from weakref import WeakKeyDictionary

from mitmproxy.connection import Client
from mitmproxy.http import HTTPFlow, Response

from capture.proxy.tape import Tape

CAPTURE = "capture"
"""Where a flow's metadata holds the id of the capture it is of."""

_HEADER = "proxy-authorization"
_PAGE = b"<html><head><title>407</title></head><body><h1>407 Proxy Authentication Required</h1></body></html>"


class ProxyLogins:
    """mitmproxy's hooks: accepts the login of every capture under way, and no other."""

    def __init__(self, tapes: Mapping[str, Tape]) -> None:
        self._tapes = tapes
        self._tunnels: WeakKeyDictionary[Client, str] = WeakKeyDictionary()
        """Connections whose CONNECT was let in: what comes through them needs no login of its own."""

    def http_connect(self, flow: HTTPFlow) -> None:
        if self._let_in(flow):
            self._tunnels[flow.client_conn] = flow.metadata[CAPTURE]

    def requestheaders(self, flow: HTTPFlow) -> None:
        known = self._tunnels.get(flow.client_conn)
        if known is None:
            self._let_in(flow)
        else:
            flow.metadata[CAPTURE] = known

    def _let_in(self, flow: HTTPFlow) -> bool:
        """Take the login off the request; without a good one, answer in the site's stead."""
        capture = self._shown(flow.request.headers.get(_HEADER, ""))
        if capture is None:
            flow.response = Response.make(407, _PAGE, {"Proxy-Authenticate": 'Basic realm="archiver"'})
            return False
        flow.metadata[CAPTURE] = capture
        del flow.request.headers[_HEADER]
        return True

    def _shown(self, header: str) -> str | None:
        """The capture whose login the header shows."""
        scheme, _, shown = header.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            username, _, password = b64decode(shown, validate=True).decode().partition(":")
        except ValueError:
            return None
        tape = self._tapes.get(username)
        if tape is None or not hmac.compare_digest(tape.password.encode(), password.encode()):
            return None
        return username
