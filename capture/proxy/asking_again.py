"""Asking again where a server closed a connection it had kept open.

A server may close an idle connection at the very moment the next request is sent on it. Browsers
ask again then and nobody notices (RFC 9110, section 9.2.2); a proxy that answers 502 instead makes
the page lose a picture, or a comment.
"""

from __future__ import annotations

from typing import ClassVar
from weakref import WeakSet

from mitmproxy.connection import Server
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers import http
from mitmproxy.proxy.layers.http import HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import (
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    ResponseHeaders,
    ResponseProtocolError,
)

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class PatientStream(HttpStream):
    """A request that is sent once more, over a new connection, if the kept one it went out on gave no answer."""

    _have_answered: ClassVar[WeakSet[Server]] = WeakSet()
    _asked_again = False

    def state_wait_for_response_headers(self, event: ResponseHeaders) -> CommandGenerator[None]:
        self._have_answered.add(self.flow.server_conn)
        yield from super().state_wait_for_response_headers(event)

    def handle_protocol_error(self, event: RequestProtocolError | ResponseProtocolError) -> CommandGenerator[None]:
        if not (isinstance(event, ResponseProtocolError) and self._may_ask_again()):
            yield from super().handle_protocol_error(event)
            return
        self._asked_again = True
        if (yield from self.make_server_connection()):
            request = RequestHeaders(self.stream_id, self.flow.request, end_stream=True)
            yield SendHttp(request, self.context.server)
            yield SendHttp(RequestEndOfMessage(self.stream_id), self.context.server)

    def _may_ask_again(self) -> bool:
        return (
            not self._asked_again
            and self.client_state == self.state_done
            and self.server_state == self.state_wait_for_response_headers
            and self.flow.request.method in _SAFE
            and not self.flow.request.raw_content
            and self.flow.server_conn in self._have_answered
            and not self.flow.server_conn.connected
        )


def ask_again() -> None:
    """Make the proxy do so; it offers no other place for it."""
    http.HttpStream = PatientStream  # type: ignore[misc]  # a class of the same contract in its place
