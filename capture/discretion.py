"""What an observation itself may tell: its addresses and messages without secrets, and what is not for export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from archiver.core.records import Barred
from capture.observation import PageObservation
from capture.proxy.recorded import Recorded

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


def barred_files(warc: str, pictures: Iterable[str], recorded: Recorded, *, shown: bool) -> tuple[Barred, ...]:
    """Which files must not leave the archive, and why. `shown` says that a secret stood in the page's visible text."""
    bars = []
    if recorded.echoes:
        first = recorded.echoes[0].url
        count = len(recorded.echoes)
        were = "1 response" if count == 1 else f"{count} responses"
        bars.append(Barred(file=warc, reason=f"{were} gave back a session or token of the login, first {first}"))
    if shown:
        reason = "a session or token of the login can be read on the page's picture"
        if not recorded.echoes:
            bars.append(Barred(file=warc, reason=reason))
        bars += [Barred(file=each, reason=reason) for each in pictures]
    return tuple(bars)
