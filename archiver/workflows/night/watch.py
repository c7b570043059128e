"""The night's two clocks: one that never jumps for waiting, the wall's for what is recorded; and where they part."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

_TOLERANCE = timedelta(seconds=90)
"""What daemons correct in a night without anybody noticing."""


class Watch:
    """`deadline` and `seconds` are of the clock that never jumps."""

    def __init__(
        self, now: Callable[[], datetime], *, seconds: Callable[[], float], hours: float, until: str,
        zone: tzinfo,
    ) -> None:  # fmt: skip
        self.now, self.seconds = now, seconds
        self._wall, self._steady = now(), seconds()
        self.deadline = self._steady + _length(self._wall, hours, until, zone)

    @property
    def over(self) -> bool:
        return self.seconds() >= self.deadline

    def moment_of(self, seconds: float) -> datetime:
        """When the wall's clock will show what `seconds` is."""
        return self.now() + timedelta(seconds=max(0.0, seconds - self.seconds()))

    def jump(self) -> str:
        """How the wall's clock was set since this was last asked; "" where it went on as it should."""
        wall, steady = self.now(), self.seconds()
        parted = (wall - self._wall) - timedelta(seconds=steady - self._steady)
        before, self._wall, self._steady = self._wall, wall, steady
        if abs(parted) <= _TOLERANCE:
            return ""
        direction = "back" if parted < timedelta() else "on"
        return (
            f"the machine's clock was set {direction} by {abs(parted).total_seconds():.0f} s after "
            f"{before:%Y-%m-%d %H:%M:%S} UTC: moments recorded before and after cannot be compared"
        )


def _length(now: datetime, hours: float, until: str, zone: tzinfo) -> float:
    """Seconds the night may take: `hours`, or to the next local time `until` where that is earlier."""
    longest = timedelta(hours=hours)
    if until:
        local = now.astimezone(zone)
        hour, minute = map(int, until.split(":"))
        end = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
        longest = min(longest, end - local if end > local else end + timedelta(days=1) - local)
    return longest.total_seconds()
