#!/usr/bin/env python3
"""Certificates that live for a minute renew by themselves: in time, and without a loop."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness, peers

LIFETIME = 60
# At half of the lifetime; earlier by the jitter (2 %), the second by which Pebble's
# dates are short and the one by which they are rounded; later by the order itself.
APART_MIN = LIFETIME / 2 - LIFETIME * 0.02 - 2
APART_MAX = LIFETIME / 2 + 8
WATCHED = 75
NAMES = {"main": "app.example.test", "extra[0]": "app.api.other.test"}


class short_lived(harness.case):
    def test_certificates_of_a_minute_renew_at_half_time_and_only_then(self):
        dns = peers.name_server(self, ["example.test", "other.test"])
        ca = peers.acme_ca(self, dns, validity_seconds=LIFETIME)
        server = cardea.server(self, cardea.acme(dns, ca), cardea.route("app", peers.file_origin(self).port))
        server.start()
        server.wait_for_certificates(*NAMES)
        end = time.monotonic() + WATCHED
        seen = {provider: [] for provider in NAMES}
        while time.monotonic() < end:
            for provider, name in NAMES.items():
                leaf = certificates.served(server.https, name)
                self.assertGreater(leaf.not_after, time.time(), f"{name} is served an expired certificate")
                if not seen[provider] or seen[provider][-1].serial != leaf.serial:
                    seen[provider].append(leaf)
            time.sleep(0.5)
        for provider, leaves in seen.items():
            for old, new in zip(leaves, leaves[1:]):
                apart = new.not_before - old.not_before
                self.assertTrue(APART_MIN <= apart <= APART_MAX, f"{provider}: {apart} s apart")
            self.assertEqual(len(leaves), 3, f"{provider} in {WATCHED} s")
        self.assertEqual(ca.order_count(), 3 * len(NAMES), "one order for each certificate")
        self.assertNotIn("renewal failed", server.log())
        server.stop()


if __name__ == "__main__":
    harness.main()
