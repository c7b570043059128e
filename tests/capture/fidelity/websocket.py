"""The fidelity site's web sockets: what comes is sent back, after a first word of the server's own."""

from __future__ import annotations

import socket
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Message, Ping, TextMessage
from wsproto.events import Request as Handshake

from tests.capture.fidelity.journal import Journal, Request, Said

GREETING = "স্বাগতম: the server speaks first"


def talk(connection: socket.socket, request: Request, journal: Journal) -> None:
    """Answer the handshake, then echo until the other side closes. Every message is noted."""
    url = request.origin.replace("http", "ws", 1) + request.target
    peer = WSConnection(ConnectionType.SERVER)
    head = b"".join(b"%s: %s\r\n" % field for field in request.fields)
    peer.receive_data(b"%s %s HTTP/1.1\r\n%s\r\n" % (request.method.encode(), request.target.encode(), head))
    while True:
        for event in peer.events():
            if isinstance(event, Handshake):
                answer = peer.send(AcceptConnection())
                lines = answer.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]
                fields = tuple((name, value.strip()) for name, _, value in (line.partition(b":") for line in lines))
                journal.begin(request, 101, fields)
                connection.sendall(answer)
                journal.say(Said(url=url, sender="server", content=GREETING.encode(), text=True))
                connection.sendall(peer.send(TextMessage(GREETING)))
            elif isinstance(event, Message):
                _echo(connection, peer, event, url, journal)
            elif isinstance(event, Ping):
                connection.sendall(peer.send(event.response()))
            elif isinstance(event, CloseConnection):
                connection.sendall(peer.send(event.response()))
                return
        received = connection.recv(65536)
        if not received:
            return
        peer.receive_data(received)


def _echo(connection: socket.socket, peer: WSConnection, event: Message[Any], url: str, journal: Journal) -> None:
    text = isinstance(event.data, str)
    content = event.data.encode() if isinstance(event.data, str) else bytes(event.data)
    for sender in ("client", "server"):
        journal.say(Said(url=url, sender=sender, content=content, text=text))
    back = TextMessage(content.decode()) if text else BytesMessage(content)
    connection.sendall(peer.send(back))
