"""WebSockets: an origin that sends everything back, and a client for a test without coroutines."""
import asyncio
import contextlib
import functools
import ssl
import threading
import urllib.parse

import websockets

# From 15 on the library would take a proxy from the environment.
_DIRECTLY = {"proxy": None} if int(websockets.__version__.split(".", maxsplit=1)[0]) >= 15 else {}


@functools.cache
def _loop():
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


def _run(coroutine, seconds=20):
    return asyncio.run_coroutine_threadsafe(asyncio.wait_for(coroutine, seconds), _loop()).result(seconds + 5)


class client:
    """Connected to `url` on 127.0.0.1:port, whatever host the URL names."""

    def __init__(self, url, port, context: ssl.SSLContext | None = None, origin=None):
        self.socket = _run(self._open(url, port, context, origin))

    @staticmethod
    async def _open(url, port, context, origin):
        name = urllib.parse.urlsplit(url).hostname
        tls = {"ssl": context, "server_hostname": name} if context else {}
        return await websockets.connect(url, host="127.0.0.1", port=port, origin=origin, **tls, **_DIRECTLY)

    def send(self, text):
        _run(self.socket.send(text))

    def receive(self, seconds=20):
        return _run(self.socket.recv(), seconds)

    def receive_all(self, seconds=60):
        """The messages until the other side closed, and its close code."""
        return _run(self._receive_all(), seconds), self.socket.close_code

    async def _receive_all(self):
        out = []
        try:
            while True:
                out.append(await self.socket.recv())
        except websockets.ConnectionClosed:
            return out

    def abort(self):
        """Ends the connection without a close frame."""
        _loop().call_soon_threadsafe(self.socket.transport.abort)

    def close(self):
        _run(self.socket.close())


class echo_origin:
    """Sends every WebSocket message back."""

    def __init__(self, test):
        self.server = _run(self._serve())
        self.port = next(iter(self.server.sockets)).getsockname()[1]
        test.addCleanup(lambda: _run(self._close()))

    async def _serve(self):
        return await websockets.serve(self._echo, "127.0.0.1", 0)

    @staticmethod
    async def _echo(socket, _path=None):
        with contextlib.suppress(websockets.ConnectionClosed):
            async for message in socket:
                await socket.send(message)

    async def _close(self):
        self.server.close()
        await self.server.wait_closed()
