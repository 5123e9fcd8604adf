#!/usr/bin/env python3
"""Several issuers and staging directories: two Pebbles, of which one fails. External accounts of every kind."""
import http.server
import json
import os
import sys
import threading
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, harness, peers, websocket

# Two of 32 bytes, in base64url: one as Pebble wants it, one with padding.
EAB_KEY = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
PADDED_KEY = "Y2FyZGVhLXN5c3RlbS10ZXN0LWVhYi1rZXktMDEyMzQ1Njc4OQ"
EXTERNAL = {"externalAccountBindingRequired": True,
            "externalAccountMACKeys": {"kid-1": EAB_KEY, "kid-2": PADDED_KEY}}


def section(dns, issuers, more=""):
    """An `autocert` section with BIND and this text for the issuers."""
    text = f"""  provider: rfc2136
  email: operator@example.test
  domains: [example.test]
  options:
    nameserver: 127.0.0.1:{dns.port}
    tsig_key: {peers.TSIG_KEY}
    tsig_secret: {peers.TSIG_SECRET}
    tsig_algorithm: hmac-sha256
  resolvers: ["127.0.0.1:{dns.port}"]
  cert_path: {cardea.MAIN[0]}
  key_path: {cardea.MAIN[1]}
"""
    return "autocert:\n" + text + issuers + more


class nobody:
    """A name server that is not there: validations fail."""
    port = 1


class eab_service:
    """Gives out an external account by e-mail, as ZeroSSL does; remembers what it was asked."""

    def __init__(self, test, kid, key):
        self.asked = []
        service = self

        class handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                service.asked.append((self.path, self.headers["Content-Type"], urllib.parse.parse_qs(body)))
                answer = json.dumps({"success": True, "eab_kid": kid, "eab_hmac_key": key}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/acme/eab-credentials-email"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)


class issuers(harness.case):
    def setUp(self):
        super().setUp()
        self.dns = peers.name_server(self, ["example.test"])
        self.routes = cardea.route("app", 1)
        self.server = None

    def run_with(self, autocert):
        self.server = cardea.server(self, autocert, self.routes)
        return self.server.start()

    def force(self):
        """One attempt, whatever the pauses say; what it said."""
        renew = websocket.client(f"ws://127.0.0.1:{self.server.api}/api/v1/cert/renew", self.server.api)
        messages, code = renew.receive_all()
        self.assertEqual(code, 1000, messages)
        return "\n".join(messages)

    def metadata(self):
        return json.loads(self.read("certs/cert.crt.meta.json"))

    def test_b30_the_second_issuer_is_asked_when_the_first_fails_and_the_first_again_afterwards(self):
        first = peers.acme_ca(self, self.dns, is_up=False, name="first")
        second = peers.acme_ca(self, self.dns, name="second")
        self.run_with(section(self.dns, f"""  issuer_tries: 1
  issuers:
    - ca_dir_url: {first.directory}
      ca_certs: ["{first.listener_ca}"]
    - ca_dir_url: {second.directory}
      ca_certs: ["{second.listener_ca}"]
"""))
        self.server.wait_for_certificates("main")
        self.assertEqual(self.metadata()["ca"], second.directory)
        self.assertEqual(second.order_count(), 1)
        self.assertEqual(self.server.get("/", "example.test", second.root).status, 404, "its chain verifies")
        first.start()
        before = cardea.serial_on_disk(self, cardea.MAIN)
        self.force()
        self.assertNotEqual(cardea.serial_on_disk(self, cardea.MAIN), before)
        self.assertEqual(self.metadata()["ca"], first.directory, "the preferred one at the next renewal")
        self.assertEqual((first.order_count(), second.order_count()), (1, 1))
        keys = [name for name in os.listdir(self.path("certs")) if name.startswith("acme_") and name.endswith(".key")]
        self.assertEqual(len(keys), 2, "each CA has an account key of its own")
        self.server.stop()

    def test_b26_what_fails_is_tried_out_in_staging_and_production_is_spared(self):
        production = peers.acme_ca(self, nobody, name="production", env={"PEBBLE_AUTHZREUSE": "0"})
        staging = peers.acme_ca(self, nobody, name="staging", env={"PEBBLE_AUTHZREUSE": "0"})
        self.run_with(section(self.dns, f"""  ca_dir_url: {production.directory}
  staging_dir_url: {staging.directory}
  ca_certs: ["{production.listener_ca}", "{staging.listener_ca}"]
"""))
        self.server.process.wait_for_log("renewal failed", 30)
        for attempt in range(2, 5):
            self.assertIn("staging: " if attempt > 2 else "validation failed", self.force())
        self.assertEqual(production.order_count(), 2)
        self.assertEqual(staging.order_count(), 2)
        self.assertEqual(self.server.certificates(), {}, "nothing of staging is installed")
        # The setup is repaired, as staging sees it.
        staging.process.stop()
        staging.dns = self.dns
        staging.start()
        self.assertIn("validation failed", self.force())
        self.assertEqual(production.order_count(), 3, "the fourth goes to production as it is")
        production.process.stop()
        production.dns = self.dns
        production.start()
        self.force()
        self.server.wait_for_certificates("main", seconds=10)
        self.assertEqual(staging.order_count(), 1, "tried out first")
        self.assertEqual(self.metadata()["ca"], production.directory)
        self.server.stop()

    def test_b49_an_external_account_is_bound_with_and_without_padding(self):
        for number, (kid, key) in enumerate((("kid-1", EAB_KEY), ("kid-2", PADDED_KEY), ("kid-2", PADDED_KEY + "=="))):
            ca = peers.acme_ca(self, self.dns, name=f"external{number}", settings=EXTERNAL)
            self.run_with(section(self.dns, f"""  ca_dir_url: {ca.directory}
  ca_certs: ["{ca.listener_ca}"]
  eab_kid: {kid}
  eab_hmac: "{key}"
  acme_key_path: certs/external{number}.key
"""))
            harness.wait_until(lambda c=ca: c.order_count() == 1 or number == 0, 30, "an order")
            self.server.wait_for_certificates("main")
            if number > 0:
                self.force()
            self.assertEqual(ca.account_count(), 1, key)
            self.assertNotIn(key, self.server.log())
            self.server.stop()
            for end in ("crt", "crt.meta.json"):
                os.remove(self.path(f"certs/cert.{end}"))
            os.remove(self.path("certs/priv.key"))

    def test_b49_b27_a_wrong_or_missing_external_account_says_so_and_is_not_tried_again_soon(self):
        ca = peers.acme_ca(self, self.dns, name="external", settings=EXTERNAL)
        common = f"  ca_dir_url: {ca.directory}\n  ca_certs: [\"{ca.listener_ca}\"]\n"
        self.run_with(section(self.dns, common))
        self.server.process.wait_for_log("set eab_kid and eab_hmac from your account there", 30)
        failed = [line for line in self.server.log().splitlines() if "renewal failed" in line]
        self.server.stop()
        record = json.loads(self.read(cardea.failure_stamp(cardea.MAIN).replace("last_failure", "attempts")))
        self.assertTrue(record["issuers"][0]["lasting"], record)
        self.assertEqual(len(failed), 1)
        self.run_with(section(self.dns, common + f"  eab_kid: kid-1\n  eab_hmac: {PADDED_KEY}\n"))
        said = self.force()
        self.assertIn("eab_kid was 'kid-1', check it and eab_hmac", said)
        self.assertEqual(ca.account_count(), 0)
        self.server.stop()

    def test_b49_an_external_account_is_asked_for_by_e_mail_and_kept(self):
        ca = peers.acme_ca(self, self.dns, name="external", settings=EXTERNAL)
        service = eab_service(self, "kid-1", EAB_KEY)
        self.run_with(section(self.dns, f"""  ca_dir_url: {ca.directory}
  ca_certs: ["{ca.listener_ca}"]
  eab_url: {service.url}
"""))
        self.server.wait_for_certificates("main")
        self.assertEqual(service.asked, [("/acme/eab-credentials-email", "application/x-www-form-urlencoded",
                                          {"email": ["operator@example.test"]})])
        kept = [name for name in os.listdir(self.path("certs")) if name.endswith(".eab.json")]
        self.assertEqual(len(kept), 1)
        self.assertEqual(os.stat(self.path("certs", kept[0])).st_mode & 0o777, 0o600)
        self.assertNotIn(EAB_KEY, self.server.log())
        ca.process.stop()
        ca.start()  # remembers nothing: the account is registered again
        self.force()
        self.assertEqual(ca.account_count(), 1)
        self.assertEqual(len(service.asked), 1, "once")
        self.server.stop()


if __name__ == "__main__":
    harness.main()
