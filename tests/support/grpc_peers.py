"""gRPC by Debian's python3-grpcio on both sides, without generated code: messages are bytes."""
import threading
from concurrent import futures

import grpc

from support import harness

SERVICE = "/test.Echo/"
MESSAGE_MAX = 64 * 1024 * 1024
_OPTIONS = [("grpc.max_send_message_length", MESSAGE_MAX), ("grpc.max_receive_message_length", MESSAGE_MAX),
            ("grpc.enable_http_proxy", 0)]


class server:
    """Unary `Say` (sends metadata back), `Sum` of a stream, `Count` down as a stream, `Chat` both ways; `Fail` with a
    status, `Wait` until the call is cancelled."""

    def __init__(self, test, pair=None):
        self.port = harness.free_port()
        self.cancelled = threading.Event()
        self.waiting = threading.Event()
        self.remaining = None  # seconds that the last call of Wait had left
        self.server = grpc.server(futures.ThreadPoolExecutor(max_workers=32), options=_OPTIONS)
        self.server.add_generic_rpc_handlers((self._handlers(),))
        address = f"127.0.0.1:{self.port}"
        if pair:
            with open(pair[0], "rb") as chain, open(pair[1], "rb") as key:
                self.server.add_secure_port(address, grpc.ssl_server_credentials([(key.read(), chain.read())]))
        else:
            self.server.add_insecure_port(address)
        self.server.start()
        test.addCleanup(self.stop)

    def stop(self):
        self.server.stop(None).wait(10)

    def _handlers(self):
        return grpc.method_handlers_generic_handler("test.Echo", {
            "Say": grpc.unary_unary_rpc_method_handler(self._say),
            "Sum": grpc.stream_unary_rpc_method_handler(lambda each, _: str(sum(len(one) for one in each)).encode()),
            "Count": grpc.unary_stream_rpc_method_handler(lambda number, _: (str(i).encode() for i in range(int(number)))),
            "Chat": grpc.stream_stream_rpc_method_handler(lambda each, _: (one.upper() for one in each)),
            "Fail": grpc.unary_unary_rpc_method_handler(self._fail),
            "Wait": grpc.unary_unary_rpc_method_handler(self._wait),
        })

    @staticmethod
    def _say(message, context):
        sent = dict(context.invocation_metadata())
        context.send_initial_metadata((("x-begin", sent.get("x-own", "")),))
        context.set_trailing_metadata((("x-end", "1"), ("x-bytes-bin", b"\x00\xff")))
        return message

    @staticmethod
    def _fail(message, context):
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, message.decode())

    def _wait(self, message, context):
        self.remaining = context.time_remaining()
        ended = threading.Event()
        context.add_callback(ended.set)
        self.waiting.set()
        if ended.wait(30):
            self.cancelled.set()
        return message


class client:
    """A channel to the proxy on 127.0.0.1:port, as app.example.test."""

    def __init__(self, test, port, cacert):
        with open(cacert, "rb") as roots:
            credentials = grpc.ssl_channel_credentials(roots.read())
        names = [("grpc.ssl_target_name_override", "app.example.test"), ("grpc.default_authority", "app.example.test"),
                 ("grpc.enable_retries", 0)]
        self.channel = grpc.secure_channel(f"127.0.0.1:{port}", credentials, options=_OPTIONS + names)
        test.addCleanup(self.channel.close)

    def unary(self, method):
        return self.channel.unary_unary(SERVICE + method)

    def client_stream(self, method):
        return self.channel.stream_unary(SERVICE + method)

    def server_stream(self, method):
        return self.channel.unary_stream(SERVICE + method)

    def both_streams(self, method):
        return self.channel.stream_stream(SERVICE + method)
