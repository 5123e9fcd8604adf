"""A server for fetch_client_test: raw sockets, one behaviour per path.

usage: fetch_peer.py ADDRESS [CERT KEY [MAX_TLS]]; prints its port, then one line per SNI it saw.
"""
import json
import socket
import ssl
import struct
import sys
import threading
import time

connections = 0


def read_request(conn, pending):
    while b"\r\n\r\n" not in pending:
        more = conn.recv(65536)
        if not more:
            return None, None, None, None, b""
        pending += more
    head, rest = pending.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    fields = [line.split(": ", 1) for line in lines[1:]]
    length = sum(int(value) for name, value in fields if name.lower() == "content-length")
    while len(rest) < length:
        rest += conn.recv(65536)
    return lines[0], fields, rest[:length], lines[0].split(" ")[1].split("?")[0], rest[length:]


def plain(body, status="200 OK", more=""):
    return (f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n").encode() + body


def answer(conn, number, count, line, fields, body, path):
    """Sends what the path asks for; returns whether the connection goes on."""
    if path == "/echo":
        seen = json.dumps({"line": line, "fields": fields, "body": body.decode("latin-1"), "connection": number})
        conn.sendall(plain(seen.encode(), more="X-Seen: yes\r\n"))
    elif path == "/status":
        conn.sendall(plain(b"problem", line.split("?")[1].split(" ")[0] + " Whatever", "Location: /echo\r\n"))
    elif path == "/head":
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nReplay-Nonce: abc\r\n\r\n")
    elif path == "/empty":
        conn.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
    elif path == "/interim":
        conn.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + plain(b"final"))
    elif path == "/interim-forever":
        conn.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)
    elif path == "/chunked":
        conn.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n")
        time.sleep(0.05)
        conn.sendall(b"6\r\n world\r\n0\r\nTrailer: x\r\n\r\n")
    elif path == "/until-close":
        conn.sendall(b"HTTP/1.1 200 OK\r\n\r\nuntil the end")
        if isinstance(conn, ssl.SSLSocket):
            conn.unwrap()
        return False
    elif path == "/until-cut":
        conn.sendall(b"HTTP/1.1 200 OK\r\n\r\nnot yet the end")
        return False
    elif path == "/short":
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        return False
    elif path == "/short-chunk":
        conn.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nonly this")
        return False
    elif path == "/short-head":
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")
        return False
    elif path == "/big":
        conn.sendall(plain(b"x" * 100_000))
    elif path == "/big-chunked":
        conn.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"3e8\r\n" + b"x" * 1000 + b"\r\n")
        conn.sendall((b"3e8\r\n" + b"x" * 1000 + b"\r\n") * 99 + b"0\r\n\r\n")
    elif path == "/big-until-close":
        conn.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000)
        return False
    elif path == "/big-head":
        conn.sendall(plain(b"", more="X: " + "y" * 100_000 + "\r\n"))
    elif path == "/garbage":
        conn.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        return False
    elif path == "/both-lengths":
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    elif path == "/gzip-coding":
        conn.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n")
        return False
    elif path == "/switch":
        conn.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
    elif path == "/silent":
        time.sleep(30)
    elif path == "/drip":
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(300):
            conn.sendall(b"x")
            time.sleep(0.05)
    elif path == "/close":
        return False
    elif path == "/reset":
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
    elif path == "/second-dies":
        if count > 1:
            return False
        conn.sendall(plain(str(number).encode()))
    elif path == "/says-close":
        conn.sendall(plain(str(number).encode(), more="Connection: close\r\n"))
        time.sleep(30)
    elif path == "/leaves":
        conn.sendall(plain(str(number).encode()))
        return False
    elif path == "/extra-bytes":
        conn.sendall(plain(str(number).encode()) + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    else:
        conn.sendall(plain(b"", "404 Not Found"))
    return True


def serve(raw, context, number):
    try:
        conn = context.wrap_socket(raw, server_side=True) if context else raw
        pending, count, on = b"", 0, True
        while on:
            line, fields, body, path, pending = read_request(conn, pending)
            if line is None:
                break
            count += 1
            on = answer(conn, number, count, line, fields, body, path)
        conn.close()
    except OSError:
        raw.close()


def main():
    global connections
    context = None
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        if len(sys.argv) > 4:
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = getattr(ssl.TLSVersion, sys.argv[4])
            context.set_ciphers("ALL:@SECLEVEL=0")
        context.sni_callback = lambda _, name, __: print(f"sni {name}", flush=True)
    family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((sys.argv[1], 0))
    listener.listen(64)
    print(listener.getsockname()[1], flush=True)
    while True:
        raw, _ = listener.accept()
        connections += 1
        threading.Thread(target=serve, args=(raw, context, connections), daemon=True).start()


main()
