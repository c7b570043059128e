"""The egress rule at the socket: an event loop that connects only where the rule lets it."""

from __future__ import annotations

import asyncio
import socket
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from capture.proxy.egress import refusal


@dataclass
class Door:
    """A connection being opened: whether the settings allow it by name, else why it was refused."""

    open: bool
    refused: str | None = None


DOOR: ContextVar[Door | None] = ContextVar("door", default=None)
"""The door of the connection the current task opens; without one, nothing is allowed by name."""


class GuardedLoop(asyncio.SelectorEventLoop):
    """An event loop whose sockets connect only where the egress rule lets them.

    The rule sees the very address the socket is about to connect to, so neither a second
    look-up of the name nor an odd spelling of an address gets past it. Where one address of
    a name is refused, the addresses tried after it are too. A refusal is an OSError.
    """

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        door = DOOR.get() or Door(open=False)
        if not door.open:
            door.refused = door.refused or refusal(str(address[0]))
            if door.refused is not None:
                raise ConnectionRefusedError(f"refused: {door.refused}")
        await super().sock_connect(sock, address)
