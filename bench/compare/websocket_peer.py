#!/usr/bin/env python3
"""serve PORT: sends every WebSocket message back (python3-websockets)."""
import asyncio
import contextlib
import sys

import websockets


async def echo(socket, _path=None):
    with contextlib.suppress(websockets.ConnectionClosed):
        async for message in socket:
            await socket.send(message)


async def serve(port):
    async with websockets.serve(echo, "127.0.0.1", port, compression=None, ping_interval=None):
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[2])))
