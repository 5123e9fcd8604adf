#!/usr/bin/env python3
"""A zone with several name servers at port 53, where real ones are: who is asked before the CA is."""
import os
import random
import re
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, harness, peers

ZONE = "example.test"


def may_listen_at_53():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.53", 53))
        except PermissionError:
            return False
        except OSError:  # somebody does already
            return True
    return True


class name_servers(harness.case):
    def setUp(self):
        """Three servers: ns1 takes updates, ns2 follows when it is told to, ns3 says nothing."""
        super().setUp()
        net = f"127.{random.randint(64, 250)}.{random.randint(1, 250)}"
        self.addresses = [f"{net}.{i}" for i in (1, 2, 3)]
        listed = "".join(f"@ NS ns{i}\nns{i} A {address}\n" for i, address in enumerate(self.addresses, 1))
        self.primary = peers.knot(self, [ZONE], name="ns1", address=self.addresses[0], port=53, servers=listed)
        self.secondary = peers.knot(self, [ZONE], name="ns2", address=self.addresses[1], port=53,
                                    primary=self.addresses[0])
        dead = peers.knot(self, [ZONE], name="ns3", address=self.addresses[2], port=53, servers=listed)
        dead.process.signal(signal.SIGSTOP)
        self.resolver = peers.name_server(self, [], name="resolver", asks={ZONE: self.addresses[0]})
        self.ca = peers.acme_ca(self, self.resolver)

    def run_with(self, timeout):
        text = cardea.acme(self.resolver, self.ca, (ZONE,),
                           f"propagation: {{timeout: {timeout}, polling_interval: 100ms}}\n")
        text = text.replace(f"nameserver: 127.0.0.1:{self.resolver.port}", f"nameserver: {self.addresses[0]}:53")
        text = text.replace(f"tsig_key: {peers.TSIG_KEY}", "tsig_key: hmac-sha256")
        self.server = cardea.server(self, text, "x-none: {}\n")
        self.server.start()
        harness.wait_until(lambda: self.primary.query(f"_acme-challenge.{ZONE}"), 30,
                           lambda: f"the record at ns1; cardea logged:\n{self.server.log()[-4000:]}")

    def test_b69_one_that_lags_holds_the_order_back_and_one_that_is_dead_is_named(self):
        self.run_with("60s")
        # Long enough for both of the others to be asked several times.
        time.sleep(6)
        self.assertEqual(self.secondary.query(f"_acme-challenge.{ZONE}"), [])
        self.assertNotIn("waiting for the CA to validate", self.server.log())
        self.assertIsNone(cardea.serial_on_disk(self, cardea.MAIN))
        self.secondary.follow()
        self.server.process.wait_for_log("certificate renewed", seconds=30)
        self.assertEqual(self.ca.order_count(), 1)
        named = re.findall(r"a name server could not be asked, the others show the record.*", self.server.log())
        self.assertEqual(len(named), 1, self.server.log()[-4000:])
        self.assertIn(f"ns3.{ZONE} at {self.addresses[2]}:53", named[0])
        self.server.stop()

    def test_b69_each_one_that_does_not_show_the_record_in_time_is_named(self):
        self.run_with("3s")
        self.server.process.wait_for_log("renewal failed", seconds=30)
        line = re.search(r"renewal failed.*", self.server.log()).group(0)
        self.assertIn(f"_acme-challenge.{ZONE} is not visible: ", line)
        self.assertIn(f"ns2.{ZONE} at {self.addresses[1]}:53 shows no TXT record", line)
        self.assertIn(f"ns3.{ZONE} at {self.addresses[2]}:53: the name server did not answer", line)
        self.assertNotIn("ns1", line)
        self.server.stop()


if __name__ == "__main__":
    if not may_listen_at_53():
        inside = ["sh", "-c", 'ip link set lo up && exec "$0" "$@"', sys.executable, *sys.argv]
        os.execvp("unshare", ["unshare", "--user", "--map-root-user", "--net", *inside])
    harness.main()
