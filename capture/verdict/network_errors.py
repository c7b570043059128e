"""Why no answer came, in plain words and as a cause: Chromium's names, and what the proxy was told. Pure."""

from __future__ import annotations

import re

# https://source.chromium.org/chromium/chromium/src/+/main:net/base/net_error_list.h
_NETWORK_ERRORS = {
    "ERR_NAME_NOT_RESOLVED": "no address is known for the host name",
    "ERR_CONNECTION_REFUSED": "the server refused the connection",
    "ERR_CONNECTION_RESET": "the server broke off the connection",
    "ERR_CONNECTION_CLOSED": "the server closed the connection without an answer",
    "ERR_CONNECTION_TIMED_OUT": "the server could not be reached in time",
    "ERR_TIMED_OUT": "the server did not answer in time",
    "ERR_EMPTY_RESPONSE": "the server closed the connection without an answer",
    "ERR_ADDRESS_UNREACHABLE": "the server cannot be reached from here",
    "ERR_INTERNET_DISCONNECTED": "this machine has no network",
    "ERR_TOO_MANY_REDIRECTS": "the site redirected in a circle",
    "ERR_TUNNEL_CONNECTION_FAILED": "the server could not be reached",
    "ERR_ABORTED": "the site sent a download or an answer without a page",
    "ERR_INVALID_URL": "the address is not a valid URL",
    "ERR_UNSAFE_PORT": "browsers do not open that port",
    "ERR_INVALID_RESPONSE": "the server's answer is not valid HTTP",
    "ERR_CONTENT_LENGTH_MISMATCH": "the server broke off its answer",
    "ERR_INCOMPLETE_CHUNKED_ENCODING": "the server broke off its answer",
    "ERR_HTTP2_PROTOCOL_ERROR": "the server's answer is not valid HTTP/2",
}

_NETWORK_CAUSES = {
    "ERR_NAME_NOT_RESOLVED": "dns",
    "ERR_CONNECTION_REFUSED": "connection_refused",
    "ERR_CONNECTION_RESET": "connection_reset",
    "ERR_CONNECTION_CLOSED": "connection_reset",
    "ERR_EMPTY_RESPONSE": "connection_reset",
    "ERR_CONTENT_LENGTH_MISMATCH": "connection_reset",
    "ERR_INCOMPLETE_CHUNKED_ENCODING": "connection_reset",
    "ERR_NETWORK_CHANGED": "connection_reset",
    "ERR_CONNECTION_TIMED_OUT": "timeout",
    "ERR_TIMED_OUT": "timeout",
    "ERR_TOO_MANY_REDIRECTS": "redirect_loop",
}

# what the proxy tells of a connection that failed, which comes from the system's library
_FAILURE_CAUSES = (
    ("dns_temporary", re.compile(r"errno -3\b|temporary failure in name resolution|try again", re.IGNORECASE)),
    ("dns", re.compile(r"errno -[25]\b|name or service not known|no address associated|nodename", re.IGNORECASE)),
    ("timeout", re.compile(r"timed? ?out|errno 110\b", re.IGNORECASE)),
    ("connection_refused", re.compile(r"refused|errno 111\b|connect call failed", re.IGNORECASE)),
    ("connection_reset", re.compile(r"reset|closed|disconnected|broken pipe|errno (?:32|104)\b", re.IGNORECASE)),
    ("certificate", re.compile(r"certificate|tls|ssl", re.IGNORECASE)),
    ("unreachable", re.compile(r"unreachable|no route|errno (?:101|113)\b", re.IGNORECASE)),
)


def explain_network_error(name: str) -> str:
    """Chromium's `net::ERR_...` in plain words."""
    short = name.removeprefix("net::")
    if short in _NETWORK_ERRORS:
        return _NETWORK_ERRORS[short]
    if "CERT" in short or "SSL" in short:
        return f"the server's certificate is not valid ({short})"
    return f"the browser could not load it ({short})"


def cause_of_network_error(name: str) -> str:
    """The cause Chromium's `net::ERR_...` stands for."""
    short = name.removeprefix("net::")
    if short in _NETWORK_CAUSES:
        return _NETWORK_CAUSES[short]
    return "certificate" if "CERT" in short or "SSL" in short else "unreachable"


def cause_of_failure(reason: str) -> str:
    """The cause that the proxy's words for a failed connection stand for."""
    return next((cause for cause, words in _FAILURE_CAUSES if words.search(reason)), "unreachable")
