"""The one call of an archive's own to the network: a digest to the time-stamping authority of its settings.

All traffic of captures goes through the recording proxy; this is none, and must not lie in evidence. The
rule of its own: it goes to `timestamp.url` and nowhere else, follows no redirect, takes no proxy or
password from the environment, and sends nothing but a digest and a random number.
"""

from __future__ import annotations

import time

import httpx

from archiver.core.errors import TimestampFailed

_SECONDS = 20.0
_SECONDS_IN_ALL = 60.0  # however slowly it answers
_MOST_BYTES = 1 << 17


def ask_authority(url: str, request: bytes) -> bytes:
    """The body of the authority's answer (RFC 3161, 3.4). Raises TimestampFailed, naming the address."""
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    answer = bytearray()
    started = time.monotonic()
    try:
        with (
            httpx.Client(trust_env=False, follow_redirects=False, timeout=_SECONDS) as client,
            client.stream("POST", url, content=request, headers=headers) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise TimestampFailed(f"{url} answered with status {response.status_code}")
            for piece in response.iter_bytes():
                answer += piece
                if time.monotonic() - started > _SECONDS_IN_ALL:
                    raise TimestampFailed(f"{url} did not end its answer within {_SECONDS_IN_ALL:.0f} seconds")
                if len(answer) > _MOST_BYTES:
                    raise TimestampFailed(f"{url} answered with more than {_MOST_BYTES:,} bytes: that is no time-stamp")
    except httpx.TimeoutException as error:
        raise TimestampFailed(f"{url} did not answer within {_SECONDS:.0f} seconds") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TimestampFailed(f"{url} cannot be reached: {error}") from error
    return bytes(answer)
