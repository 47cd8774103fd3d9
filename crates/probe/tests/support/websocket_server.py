"""A WebSocket server, plain and over TLS, that does what its path says. Prints its ports."""

import asyncio
import http
import ssl
import sys

from websockets.asyncio.server import serve


async def handle(connection):
    path = connection.request.path.split("?")[0]
    if path == "/greet":
        await connection.ping()
        await connection.send("welcome, " + connection.request.headers.get("X-Name", "stranger"))
        await connection.send(b"\x00binary\xff")
    elif path == "/bye":
        await connection.close(1008, "no such room: " + connection.request.headers.get("X-Name", ""))
        return
    elif path == "/large":
        await connection.send("x" * 200_000)
    elif path == "/endless":
        while True:
            await connection.send("x" * 10_000)
    async for message in connection:
        await connection.send("you said " + message)


def guard(connection, request):
    if request.path == "/locked":
        return connection.respond(http.HTTPStatus.UNAUTHORIZED, "who are you?\n")


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    ways = {"process_request": guard, "subprotocols": ["graphql-transport-ws"]}

    def choose(connection, offered):
        return next((each for each in offered if each in ways["subprotocols"]), None)

    ways["select_subprotocol"] = choose
    plain = await serve(handle, "127.0.0.1", 0, **ways)
    secured = await serve(handle, "127.0.0.1", 0, ssl=context, **ways)
    print(*(server.sockets[0].getsockname()[1] for server in (plain, secured)), flush=True)
    await asyncio.gather(plain.serve_forever(), secured.serve_forever())


asyncio.run(main())
