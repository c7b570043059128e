"""A second process that searches a part of a production's files, where these are many and there is a processor for it.

It is started while the production is still being written, given names of files whenever it has none left, and asked
at the end for what it found. One that fails costs time and nothing else: what it was given is searched again here.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Self

from archiver.core.child_environment import child_environment
from exports.leaks.findings import Found, Sought
from exports.leaks.leak_check import LeakCheck

_CHILD = "from exports.leaks.leak_helper import serve; serve()"
_READY = "ready"
_SHARE_SIZE, _SHARE_FILES = 4 << 20, 500
"""Of the files that are searched before the other is asked whether it needs more."""


def is_worth_it(files: int, size: int) -> bool:
    """Whether so many files with so many bytes take longer to search than a process takes to start."""
    return (files > 1000 or size > 32 << 20) and len(os.sched_getaffinity(0)) > 1


class LeakHelper:
    """The process; a context manager, at whose end there is none."""

    def __enter__(self) -> Self:
        self.given = list[str]()
        """Names of the files that were its share."""
        self._failed = False
        ours, theirs = socket.socketpair()
        self._pipe = Connection(ours.detach())
        self.process: subprocess.Popen[bytes] | None = None
        with theirs, suppress(OSError):  # without it the pipe is closed at the other side: all is searched here
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", _CHILD, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=child_environment(),
                start_new_session=True,  # Ctrl-C reaches the parent, which then ends it
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        if self.process is not None:
            if kind is not None:
                self.process.kill()
            self.process.wait()

    def is_ready(self, seconds: float = 0) -> bool:
        """Whether it waits for files, or, within so many seconds, will."""
        try:
            return not self._failed and self._pipe.poll(seconds)
        except OSError:
            self._failed = True
            return False

    def share(self, check: LeakCheck, root: Path, names: Sequence[str]) -> None:
        """Search the files here and there; `check` then knows what was found in all of them. Raises OSError."""
        shares = deque(_shares(root, names))
        self._send((root, check.sought))
        while shares:
            if self.is_ready() and self._receive() is not None:
                self.given += shares[-1]
                self._send(shares.pop())
            if shares:
                check.search_files(root, shares.popleft())
        self._send(None)
        while (found := self._receive()) == _READY:
            pass
        if isinstance(found, Found):
            check.add(root, found)
        else:
            check.search_files(root, self.given)

    def _send(self, message: object) -> None:
        try:
            if not self._failed:
                self._pipe.send(message)
        except OSError:
            self._failed = True

    def _receive(self) -> object:
        """The next answer; None where the helper has failed."""
        try:
            return None if self._failed else self._pipe.recv()
        except (EOFError, OSError):
            self._failed = True
            return None


def _shares(root: Path, names: Sequence[str]) -> list[list[str]]:
    """Great files first and by themselves: this process takes them, so that the other is not great, too."""
    great, shares, size = list[list[str]](), [list[str]()], 0
    for name in names:
        length = os.stat(f"{root}/{name}").st_size  # noqa: PTH116 - a Path for each file takes longer
        if length > _SHARE_SIZE:
            great.append([name])
            continue
        shares[-1].append(name)
        size += length
        if size > _SHARE_SIZE or len(shares[-1]) >= _SHARE_FILES:
            shares.append([])
            size = 0
    return [*great, *shares]


def serve() -> None:
    """The helper's side, at the socket that its only argument names."""
    with Connection(int(sys.argv[1])) as pipe:
        try:
            pipe.send(_READY)
            root, check = _begin(*pipe.recv())
            while (names := pipe.recv()) is not None:
                check.search_files(root, names)
                pipe.send(_READY)
            pipe.send(check.found())
        except (EOFError, OSError):  # nobody is there any more, or will search again what could not be read here
            return


def _begin(root: Path, sought: Sought) -> tuple[Path, LeakCheck]:
    return root, LeakCheck(
        sought.secrets,
        sought.rules,
        own=sought.own,
        acknowledged=sought.acknowledged,
        numbers=sought.numbers,
        leaves_pictures=sought.reads_pictures,
    )
