#!/usr/bin/env python3
"""serve PORT: answers /bench.Echo/Say with what it is given, in clear HTTP/2 (python3-grpcio).
call PORT NAME CERTIFICATE: one call by TLS through whatever listens there; fails unless it comes back with status OK.
"""
import concurrent.futures
import sys

import grpc

METHOD = "/bench.Echo/Say"


def serve(port):
    say = grpc.unary_unary_rpc_method_handler(lambda request, _context: request)
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Echo", {"Say": say}),))
    if server.add_insecure_port(f"127.0.0.1:{port}") != port:
        sys.exit(f"port {port} is taken")
    server.start()
    server.wait_for_termination()


def call(port, name, certificate):
    with open(certificate, "rb") as file:
        credentials = grpc.ssl_channel_credentials(file.read())
    options = (("grpc.ssl_target_name_override", name), ("grpc.enable_http_proxy", 0))
    message = b"a message of some bytes"
    with grpc.secure_channel(f"127.0.0.1:{port}", credentials, options) as channel:
        try:
            answer = channel.unary_unary(METHOD)(message, timeout=5)
        except grpc.RpcError as problem:
            sys.exit(f"{problem.code().name}: {problem.details()}")
    if answer != message:
        sys.exit("something else came back")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        call(int(sys.argv[2]), *sys.argv[3:])
