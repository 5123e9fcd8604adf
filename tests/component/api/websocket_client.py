"""A WebSocket client for renew_socket_test, independent of the server's library.

usage: websocket_client.py HOST:PORT URL [HEADER: VALUE]...    (connects to HOST:PORT whatever the URL names)
Prints one JSON object per event: {"open": true}, {"text": ...}, {"closed": code, "reason": ...},
{"refused": status}. Sends each line of its standard input; ends without a close when that ends.
"""
import asyncio
import json
import os
import sys

import websockets


def say(**event):
    print(json.dumps(event), flush=True)


async def send_input(socket):
    loop = asyncio.get_running_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if not line:
            os._exit(0)  # the kernel closes the connection: no close frame
        await socket.send(line.rstrip("\n"))


async def main():
    headers = [tuple(argument.split(": ", 1)) for argument in sys.argv[3:]]
    host, port = sys.argv[1].split(":")
    try:
        socket = await websockets.connect(sys.argv[2], host=host, port=int(port), extra_headers=headers)
    except websockets.InvalidStatusCode as refusal:
        say(refused=refusal.status_code)
        return
    say(open=True)
    sender = asyncio.create_task(send_input(socket))
    try:
        while True:
            say(text=await socket.recv())
    except websockets.ConnectionClosed as end:
        say(closed=end.rcvd.code if end.rcvd else 1006, reason=end.rcvd.reason if end.rcvd else "")
    sender.cancel()
    os._exit(0)


asyncio.run(main())
