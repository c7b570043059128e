"""What a capture fetches beside its page: the platform's API, and files no browser shows.

Through the same proxy under the same login, so that it lands in the same WARC under the same
guard, with the same masking.
"""

from __future__ import annotations

import ssl
import time
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from capture.observation import CaptureLimits
from capture.recorded import AS_BROWSER, ProxyLogin
from capture.wordpress import ApiResponse

_LONGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of one API answer read into memory; a page of a hundred comments has a fraction of it."""

_REDIRECTS = 5


class RecordedClient:
    """An HTTP client of one capture, as a context manager. Its time is what is left of the capture's."""

    def __init__(self, login: ProxyLogin, ca_file: Path, limits: CaptureLimits) -> None:
        self._password = login.password
        self._deadline = time.monotonic() + limits.total_seconds
        self._client = httpx.Client(
            proxy=httpx.Proxy(login.server, auth=(login.username, login.password)),
            verify=ssl.create_default_context(cafile=ca_file),
            trust_env=False,
            timeout=limits.load_seconds,
            headers={
                "user-agent": f"Mozilla/5.0 (compatible; records-archiver/{version('records-archiver')})",
                "accept-encoding": "gzip",
            },
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, url: str) -> ApiResponse:
        """The answer to `url`; a redirect is followed within its own origin only, else returned as it is.

        Raises OSError where no whole answer came.
        """
        content = bytearray()
        try:
            for _ in range(_REDIRECTS + 1):
                content.clear()
                with self._client.stream("GET", url) as response:
                    for chunk in response.iter_bytes():
                        content += chunk
                        self._check(len(content), url)
                target = response.next_request
                if target is None or _origin(target.url) != _origin(response.url):
                    break
                url = str(target.url)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OSError(f"{url}: {error or type(error).__name__}") from error
        return ApiResponse(
            url=str(response.url),
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            content=bytes(content),
        )

    def fetch_whole(self, url: str) -> bool:
        """Fetch `url` for the WARC's sake; whether it came whole with a success status.

        The proxy asks with the cookies that the browser showed to the same origin.
        """
        asking = {AS_BROWSER: self._password, "accept-encoding": "identity"}
        try:
            with self._client.stream("GET", url, headers=asking, follow_redirects=True) as response:
                for _ in response.iter_raw():
                    self._check(0, url)
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            return False
        return response.is_success

    def _check(self, size: int, url: str) -> None:
        if size > _LONGEST_ANSWER:
            raise OSError(f"{url}: the answer is longer than {_LONGEST_ANSWER:,} bytes")
        if time.monotonic() > self._deadline:
            raise OSError(f"{url}: the capture's time is used up")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
