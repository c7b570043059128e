"""What an observation itself may tell: its addresses and messages without secrets, and what is not for export."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from archiver.core.records import Barred
from capture.observation import PageObservation
from capture.proxy.recorded import Recorded
from capture.secrets.masking import mask_address

Mask = Callable[[Sequence[str]], list[str]]
"""Texts without secrets, in their order."""


def masked(seen: PageObservation, mask: Mask) -> PageObservation:
    """The observation with every address and message masked; DOM, layout and images are the recorder's to mask."""
    groups = (
        (seen.url, seen.final_url),
        seen.chain,
        seen.problems,
        seen.console_errors,
        tuple(seen.resources),
    )
    texts = iter(mask([text for group in groups for text in group]))
    (url, final_url), chain, problems, errors, resources = (tuple(next(texts) for _ in group) for group in groups)
    return replace(
        seen,
        url=url,
        final_url=final_url,
        chain=chain,
        problems=problems,
        console_errors=errors,
        resources=dict(zip(resources, seen.resources.values(), strict=True)),
    )


def is_entrusted(url: str, told: Collection[str]) -> bool:
    """Whether a capture uses secrets of the agency's own: those it was `told`, a login's say, or one in its address.

    In any other capture every secret is the site's own, given to a visitor whom it does not know.
    """
    parts = urlsplit(url)
    return bool(told) or parts.username is not None or mask_address(url) != url


def barred_files(
    warc: str, pictures: Iterable[str], recorded: Recorded, *, shown: bool, entrusted: bool
) -> tuple[Barred, ...]:
    """Which files must not leave the archive, and why. `shown` says that a secret stood in the page's visible text.

    Where the capture is not `entrusted` with any secret, a response that gave one back may leave: masked and marked as
    it is, it tells nothing of anybody's account. A picture cannot be masked, so one that shows a secret never leaves.
    """
    bars = []
    if recorded.echoes and entrusted:
        first = recorded.echoes[0].url
        count = len(recorded.echoes)
        were = "1 response" if count == 1 else f"{count} responses"
        bars.append(Barred(file=warc, reason=f"{were} gave back a session or token of the login, first {first}"))
    if shown:
        owner = "the login" if entrusted else "the visit"
        reason = f"a session or token of {owner} can be read on the page's picture"
        if not bars:
            bars.append(Barred(file=warc, reason=reason))
        bars += [Barred(file=each, reason=reason) for each in pictures]
    return tuple(bars)
