"""Finding an account's threads: by the site's own interface, feeds and sitemaps.

What a page lists when it is scrolled is found by capturing that page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import urljoin

from capture.discovery import feeds, sitemaps, wordpress_posts
from capture.discovery.found import Discovery, Found, Hint, Listing, one_of_each
from capture.discovery.inquiry import Bounds, Inquiry, Start
from capture.extraction.addresses import site_of
from capture.wordpress import ApiResponse

__all__ = ["Bounds", "Discovery", "Found", "Hint", "Listing", "discover"]

_REDIRECTS = 5


class Source(Protocol):
    """One way a site lists its threads."""

    NAME: str

    def find(self, start: Start, inquiry: Inquiry) -> Listing | None:
        """What it lists, None where the site has no such list. Nothing the site answers may raise."""


SOURCES: tuple[tuple[Source, ...], ...] = ((wordpress_posts,), (feeds, sitemaps))
"""Asked group by group; the first group that lists anything is the last."""


def discover(
    get: Callable[[str], ApiResponse],
    url: str,
    *,
    bounds: Bounds,
    marks: Mapping[str, str] | None = None,
) -> Discovery:
    """Ask the site at `url` for its threads, each question through `get`, which may raise OSError.

    Only threads on the site of `url`, or of where it redirects to, are taken. `marks` are those of the
    discovery before.
    """
    chain = [url]
    try:
        answer = get(url)
        for _ in range(_REDIRECTS):
            if answer.status not in (301, 302, 303, 307, 308) or not answer.headers.get("location"):
                break
            chain.append(urljoin(answer.url, answer.headers["location"]))
            answer = get(chain[-1])
    except (OSError, ValueError) as error:
        return Discovery(
            url=url, final_url=chain[-1], chain=tuple(chain), status=None, requested=tuple(chain),
            network_error=str(error),
        )  # fmt: skip
    inquiry = Inquiry(get, bounds=bounds, marks=marks)
    inquiry.requested += chain
    listings = _ask_sources(Start(answer), inquiry) if answer.status == 200 else []
    everything = one_of_each(found for listing in listings for found in listing.found)
    sites = {site_of(url), site_of(answer.url)}
    here = [each for each in everything if site_of(each.url) in sites]
    if len(here) < len(everything):
        inquiry.leave_out(f"{len(everything) - len(here)} of the addresses listed are on other sites")
    if len(here) > bounds.threads:
        inquiry.leave_out(f"of {len(here)} threads found the first {bounds.threads} were taken")
    declared = [each.declared for each in listings if each.declared is not None]
    return Discovery(
        url=url,
        final_url=answer.url,
        chain=tuple(chain),
        status=answer.status,
        headers=answer.headers,
        found=tuple(here[: bounds.threads]),
        declared=sum(declared) if declared else None,
        sources=tuple(each.source for each in listings),
        requested=tuple(inquiry.requested),
        problems=tuple(inquiry.problems),
        cut=tuple(inquiry.cut),
        marks={each.source: each.mark for each in listings if each.mark},
    )


def _ask_sources(start: Start, inquiry: Inquiry) -> list[Listing]:
    for group in SOURCES:
        listings = [listing for source in group if (listing := source.find(start, inquiry)) is not None]
        if any(listing.found for listing in listings):
            return listings
    return []
