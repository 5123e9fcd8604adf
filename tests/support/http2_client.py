"""An HTTP/2 client of one connection, by python3-h2."""
import socket
import ssl

import h2.config
import h2.connection
import h2.events


class connection:
    """To a name on 127.0.0.1:port."""

    def __init__(self, test, port, name, cacert, seconds=20):
        context = ssl.create_default_context(cafile=cacert)
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection(("127.0.0.1", port), seconds)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname=name)
        test.addCleanup(self.socket.close)
        test.assertEqual(self.socket.selected_alpn_protocol(), "h2")
        self.name = name
        self.state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self.state.initiate_connection()
        self.state.increment_flow_control_window(1 << 30)  # so that windows need no frames later
        self.socket.sendall(self.state.data_to_send())

    def get_all(self, paths):
        """[(status, body)] of requests that are sent together, in their order."""
        streams = []
        for path in paths:
            streams.append(self.state.get_next_available_stream_id())
            self.state.send_headers(streams[-1], [(":method", "GET"), (":scheme", "https"), (":authority", self.name),
                                                  (":path", path)], end_stream=True)
        self.socket.sendall(self.state.data_to_send())
        answers = {each: [0, b""] for each in streams}
        open_streams = set(streams)
        while open_streams:
            got = self.socket.recv(65536)
            if not got:
                raise AssertionError("the connection was closed")
            for event in self.state.receive_data(got):
                if isinstance(event, (h2.events.ConnectionTerminated, h2.events.StreamReset)):
                    raise AssertionError(str(event))
                if isinstance(event, h2.events.ResponseReceived):
                    answers[event.stream_id][0] = int(dict(event.headers)[":status"])
                if isinstance(event, h2.events.DataReceived):
                    answers[event.stream_id][1] += event.data
                if isinstance(event, h2.events.StreamEnded):
                    open_streams.discard(event.stream_id)
            unsent = self.state.data_to_send()
            if unsent:
                self.socket.sendall(unsent)
        return [tuple(answers[each]) for each in streams]

    def close(self):
        self.socket.close()
