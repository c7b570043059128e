"""What a capture fetches beside its page: the platform's API, and files no browser shows.

Through the same proxy under the same login, so that it lands in the same WARC under the same
guard, with the same masking.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from http.cookiejar import Cookie as HttpCookie
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from capture.cookies.browser_state import Cookie
from capture.observation import CaptureLimits
from capture.proxy.recorded import AS_BROWSER, ProxyLogin
from capture.wordpress import ApiResponse

_LONGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of one API answer read into memory; a page of a hundred comments has a fraction of it."""

_REDIRECTS = 5

_DOTLESS = ".local"
"""What http.cookiejar appends to a host without a dot."""


class RecordedClient:
    """An HTTP client of one capture, as a context manager. Its time is what is left of the capture's.

    `cookies` are those of the site's stored login, sent as the browser sends them.
    """

    def __init__(
        self, login: ProxyLogin, ca_file: Path, limits: CaptureLimits, *, cookies: Sequence[Cookie] = ()
    ) -> None:
        self._password = login.password
        self._deadline = time.monotonic() + limits.total_seconds
        self._client = httpx.Client(
            proxy=httpx.Proxy(login.server, auth=(login.username, login.password)),
            verify=ssl.create_default_context(cafile=ca_file),
            trust_env=False,
            cookies=_jar(cookies),
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

    def renewed(self, cookies: Sequence[Cookie]) -> tuple[Cookie, ...]:
        """`cookies` with the values and ends that the answers gave them since."""
        now = {(each.domain.removesuffix(_DOTLESS), each.path, each.name): each for each in self._client.cookies.jar}
        return tuple(_renew(each, now.get(each.identity)) for each in cookies)

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


def _renew(cookie: Cookie, now: HttpCookie | None) -> Cookie:
    ends = None if cookie.expires is None else int(cookie.expires.timestamp())
    if now is None or (now.value == cookie.value and now.expires == ends):
        return cookie
    expires = None if now.expires is None else datetime.fromtimestamp(now.expires, UTC)
    return replace(cookie, value=now.value or "", expires=expires)


def _jar(cookies: Sequence[Cookie]) -> CookieJar:
    """Each cookie for its own domain and path alone; one without a leading dot for its own host alone."""
    jar = CookieJar(DefaultCookiePolicy(strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain))
    for each in cookies:
        below = each.domain.startswith(".")
        jar.set_cookie(
            HttpCookie(
                version=0,
                name=each.name,
                value=each.value,
                port=None,
                port_specified=False,
                domain=each.domain if "." in each.domain else f"{each.domain}{_DOTLESS}",
                domain_specified=below,
                domain_initial_dot=below,
                path=each.path,
                path_specified=True,
                secure=each.secure,
                expires=None if each.expires is None else int(each.expires.timestamp()),
                discard=each.expires is None,
                comment=None,
                comment_url=None,
                rest={},
            )
        )
    return jar


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
