"""What speaks as MongoDB does, as far as `hello` and `ping` go (OP_MSG of its wire protocol): there is no server to install.

It shows how PyMongo and the check behave towards a server that answers, hangs or is gone; nothing about MongoDB itself.
"""

from __future__ import annotations

import socket
import struct
import threading
from typing import Any

import bson

_HEADER = struct.Struct("<iiii")
_OP_MSG, _OP_QUERY, _OP_REPLY = 2013, 2004, 1


class Mongo:
    """The server, on a port of its own, which it keeps."""

    def __init__(self) -> None:
        self._well = threading.Event()
        self._connections: list[socket.socket] = []
        self.port = 0
        self.start()

    def start(self) -> None:
        """It listens and answers."""
        self._well.set()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def freeze(self) -> None:
        """It takes everything and answers nothing."""
        self._well.clear()

    def thaw(self) -> None:
        self._well.set()

    def stop(self) -> None:
        """Its port refuses, and its connections are cut."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    end = stop

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            while True:
                length, number, _, kind = _HEADER.unpack(_exactly(connection, _HEADER.size))
                body = _exactly(connection, length - _HEADER.size)
                self._well.wait()
                answer = bson.encode(_answer(kind, body))
                if kind == _OP_MSG:
                    payload, reply = struct.pack("<iB", 0, 0) + answer, _OP_MSG
                else:
                    payload, reply = struct.pack("<iqii", 8, 0, 0, 1) + answer, _OP_REPLY
                connection.sendall(_HEADER.pack(_HEADER.size + len(payload), 1, number, reply) + payload)
        except OSError:
            connection.close()


def _exactly(connection: socket.socket, count: int) -> bytes:
    read = b""
    while len(read) < count:
        more = connection.recv(count - len(read))
        if not more:
            raise ConnectionResetError("the client is gone")
        read += more
    return read


def _answer(kind: int, body: bytes) -> dict[str, Any]:
    if kind == _OP_MSG:
        command: Any = bson.decode(body[5:])
    else:
        start = body.index(b"\0", 4) + 9
        command = bson.decode(body[start:])
    name = next(iter(command)).lower()
    if name in ("hello", "ismaster"):
        return {
            "ok": 1.0, "isWritablePrimary": True, "ismaster": True, "minWireVersion": 0, "maxWireVersion": 21,
            "maxBsonObjectSize": 1 << 24, "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000,
        }  # fmt: skip
    return {"ok": 1.0} if name in ("ping", "endsessions") else {"ok": 0.0, "code": 59, "errmsg": f"no such command: {name}"}
