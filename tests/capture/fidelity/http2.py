"""The fidelity site over HTTP/2: a thread for each stream, within the other side's flow control."""

from __future__ import annotations

import ssl
import threading
from dataclasses import dataclass, field

import h2.config  # type: ignore[import-untyped]  # it ships no types
import h2.connection  # type: ignore[import-untyped]  # it ships no types
import h2.events  # type: ignore[import-untyped]  # it ships no types
import h2.exceptions  # type: ignore[import-untyped]  # it ships no types

from tests.capture.fidelity.answers import Reply, answer
from tests.capture.fidelity.journal import Fields, Journal, Request, Sent


@dataclass
class _Stream:
    fields: Fields
    body: bytearray = field(default_factory=bytearray)


def serve_http2(connection: ssl.SSLSocket, origin: str, journal: Journal) -> None:
    _Connection(connection, origin, journal).run()


class _Connection:
    def __init__(self, connection: ssl.SSLSocket, origin: str, journal: Journal) -> None:
        self._socket = connection
        self._origin = origin
        self._journal = journal
        self._state = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding=None, normalize_outbound_headers=False)
        )
        self._changed = threading.Condition()
        self._streams: dict[int, _Stream] = {}
        self._reset: set[int] = set()
        self._closed = False

    def run(self) -> None:
        with self._changed:
            self._state.initiate_connection()
            self._flush()
        try:
            # a TLS socket cannot be read and written by two threads at once: reads wait briefly, in turn
            self._socket.settimeout(0.01)
            while True:
                with self._changed:
                    try:
                        received = self._socket.recv(65536)
                    except TimeoutError:
                        received = None
                    if received == b"":
                        return
                    if received:
                        for event in self._state.receive_data(received):
                            self._hear(event)
                        self._flush()
                    self._changed.notify_all()
                    self._changed.wait(0.002)
        finally:
            with self._changed:
                self._closed = True
                self._changed.notify_all()

    def _flush(self) -> None:
        if waiting := self._state.data_to_send():
            self._socket.settimeout(20)
            try:
                self._socket.sendall(waiting)
            finally:
                self._socket.settimeout(0.01)

    def _hear(self, event: object) -> None:
        if isinstance(event, h2.events.RequestReceived):
            self._streams[event.stream_id] = _Stream(tuple((bytes(n), bytes(v)) for n, v in event.headers))
        elif isinstance(event, h2.events.DataReceived):
            self._streams[event.stream_id].body += event.data
            self._state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self._reset.add(event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            request = self._request(self._streams.pop(event.stream_id))
            threading.Thread(target=self._reply, args=(event.stream_id, request), daemon=True).start()

    def _request(self, stream: _Stream) -> Request:
        pseudo = {name: value.decode("latin-1") for name, value in stream.fields if name.startswith(b":")}
        return Request(
            origin=self._origin,
            protocol="h2",
            method=pseudo[b":method"],
            target=pseudo[b":path"],
            fields=tuple(each for each in stream.fields if not each[0].startswith(b":")),
            body=bytes(stream.body),
        )

    def _reply(self, stream: int, request: Request) -> None:
        reply = answer(request)
        fields = tuple((name.lower(), value) for name, value in reply.fields)
        if reply.framing == "length" and reply.promised is None:
            fields = (*fields, (b"content-length", b"%d" % sum(map(len, reply.body))))
        sent = self._journal.begin(request, reply.status, fields)
        try:
            self._write(stream, request, reply, fields, sent)
        except (OSError, KeyError, h2.exceptions.ProtocolError) as error:  # h2 forgets a stream that was reset
            sent.broken = sent.broken or f"the other side hung up ({type(error).__name__})"

    def _write(self, stream: int, request: Request, reply: Reply, fields: Fields, sent: Sent) -> None:
        with self._changed:
            self._state.send_headers(stream, [(b":status", b"%d" % reply.status), *fields])
            self._flush()
        if request.method != "HEAD":
            for piece in reply.body:
                self._write_piece(stream, piece, sent)
        with self._changed:
            if reply.break_off:
                sent.broken = "the server broke off"
                self._state.reset_stream(stream, 2)
            else:
                self._state.end_stream(stream)
            self._flush()

    def _write_piece(self, stream: int, piece: bytes, sent: Sent) -> None:
        while piece:
            with self._changed:
                while True:
                    if self._closed or stream in self._reset:
                        raise ConnectionResetError("the stream was reset")
                    room = min(
                        self._state.local_flow_control_window(stream), self._state.max_outbound_frame_size, len(piece)
                    )
                    if room > 0:
                        break
                    self._changed.wait(1)
                self._state.send_data(stream, piece[:room])
                self._flush()
            sent.body.add(piece[:room])
            piece = piece[room:]
