#!/usr/bin/env python3
"""What an operator sees of certificates: the table, the API, Prometheus's series. They agree, and hold no secret."""
import base64
import json
import os
import re
import signal
import sys
import time

from prometheus_client.parser import text_string_to_metric_families

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness, peers, websocket

MISSING = """
extra:
  - provider: local
    cert_path: certs/missing.crt
    key_path: certs/missing.key
    domains: [missing.test]
"""


class metrics(harness.case):
    def setUp(self):
        super().setUp()
        self.dns = peers.name_server(self, ["example.test"])
        self.ca = peers.acme_ca(self, self.dns)
        self.origin = peers.file_origin(self)
        self.server = cardea.server(self, cardea.acme(self.dns, self.ca, more=MISSING),
                                    cardea.route("app", self.origin.port))

    def scrape(self):
        """{(name, certificate or None): value}, read by Prometheus's own parser."""
        answer = clients.curl(f"http://127.0.0.1:{self.server.api}/api/v1/metrics", self.server.api)
        self.assertEqual(answer.status, 200)
        self.assertRegex(answer.headers["content-type"], r"^text/plain; version=0\.0\.4")
        out, names = {}, set()
        for family in text_string_to_metric_families(answer.body):
            self.assertNotIn(family.name, names, "each family comes once")
            names.add(family.name)
            self.assertTrue(family.documentation, family.name)
            self.assertIn(family.type, ("gauge", "counter"), family.name)
            for sample in family.samples:
                key = (sample.name, sample.labels.get("certificate"))
                self.assertNotIn(key, out)
                out[key] = sample.labels if sample.name.endswith("_info") else sample.value
        return out

    def test_b91_series_table_and_api_say_the_same(self):
        self.server.start()
        self.server.wait_for_certificates("main")
        self.assertEqual(self.server.get("/small", cacert=self.ca.root).status, 200)
        leaf = certificates.leaf.on_disk(self.path(cardea.MAIN[0]))
        series = self.scrape()

        def of_main(name):
            return series[(f"cardea_certificate_{name}", "main")]

        self.assertEqual(of_main("not_after_timestamp_seconds"), leaf.not_after)
        self.assertEqual(of_main("not_before_timestamp_seconds"), leaf.not_before)
        self.assertGreater(of_main("lifetime_left_ratio"), 0.99)
        self.assertAlmostEqual(of_main("last_success_timestamp_seconds"), time.time(), delta=60)
        self.assertEqual(of_main("attempts"), 0)
        self.assertEqual(of_main("last_attempt_failed"), 0)
        self.assertEqual(of_main("info")["key"], "EC256")
        self.assertEqual(of_main("info")["ca"], self.ca.directory)
        self.assertEqual(int(of_main("info")["serial"], 16), int(leaf.serial, 16))
        self.assertEqual(series[("cardea_certificate_lifetime_left_ratio", "extra[0]")], 0)
        self.assertGreaterEqual(series[("cardea_requests_total", None)], 1)
        self.assertGreaterEqual(series[("cardea_connections_total", None)], 1)
        api = self.server.certificates()["main"]
        self.assertEqual(api["next_renewal"], of_main("next_renewal_timestamp_seconds"))
        self.assertEqual((api["ca"], api["key"], api["attempts"]), (self.ca.directory, "EC256", 0))
        self.assertTrue(api["next_renewal_reason"])
        printed = json.loads(cardea.run("certs", "--json", folder=self.dir).stdout)
        self.assertEqual([each["provider"] for each in printed], ["main", "extra[0]"])
        self.assertEqual(printed[0], api)
        self.assertIn("there is no certs/missing.crt yet", printed[1]["last_error"])
        table = cardea.run("certs", folder=self.dir).stdout
        self.assertLessEqual(max(map(len, table.splitlines())), 80, table)
        for part in ("example.test", "*.example.test", "EC256", api["next_renewal_reason"], "missing.test"):
            self.assertIn(part, table)
        self.server.stop()

    def test_b91_a_failure_shows_everywhere_and_after_a_restart(self):
        self.ca.hang()
        self.ca.process.kill()
        self.server.start()
        self.server.process.wait_for_log("renewal failed", 60)
        series = self.scrape()
        self.assertEqual(series[("cardea_certificate_last_attempt_failed", "main")], 1)
        self.assertEqual(series[("cardea_certificate_attempts", "main")], 1)
        self.server.stop()
        stored = json.loads(cardea.run("certs", "--json", folder=self.dir).stdout)[0]
        self.assertIn("check ca_dir_url", stored["last_error"])
        self.assertEqual(stored["attempts"], 1)
        self.assertEqual(stored["not_after"], 0)

    def test_b86_no_output_holds_a_key_or_a_secret(self):
        self.server.start("--log-level", "trace")
        self.server.wait_for_certificates("main")
        messages, _ = websocket.client(f"ws://127.0.0.1:{self.server.api}/api/v1/cert/renew",
                                       self.server.api).receive_all()
        outputs = {"websocket": "\n".join(messages)}
        for path in ("version", "health", "cert/info", "metrics", "nothing"):
            outputs[path] = clients.curl(f"http://127.0.0.1:{self.server.api}/api/v1/{path}", self.server.api).body
        for command in (("certs",), ("certs", "--json"), ("validate",), ("version",)):
            end = cardea.run(*command, folder=self.dir)
            outputs[" ".join(command)] = end.stdout + end.stderr
        secrets = self.secrets()
        self.server.process.signal(signal.SIGSEGV)
        harness.wait_until(lambda: not self.server.process.is_alive(), 30, "its end")
        outputs["log"] = self.server.log()
        self.assertGreater(len(outputs["log"]), 1000)
        self.assertFalse([name for name in os.listdir(self.dir) if re.match(r"core(\.\d+)?$", name)], "no core dump")
        for name, text in outputs.items():
            for what, secret in secrets.items():
                self.assertNotIn(secret, text, f"{what} in {name}")
        metadata = self.read(cardea.MAIN[0] + ".meta.json")
        for what, secret in secrets.items():
            self.assertNotIn(secret, metadata, f"{what} in the metadata")

    def secrets(self):
        """{what: text}: every line of the private key, the account key in what texts it could have."""
        out = {"TSIG secret": peers.TSIG_SECRET}
        for number, line in enumerate(self.read(cardea.MAIN[1]).splitlines()):
            if "PRIVATE KEY" not in line:
                out[f"line {number} of the key"] = line
        with open(self.path("certs/acme.key"), "rb") as file:
            der = file.read()
        scalar = der[7:39]  # SEC1: SEQUENCE, version, OCTET STRING of 32
        out["account key, hex"] = scalar.hex()
        out["account key, base64"] = base64.b64encode(scalar).decode().rstrip("=")
        out["account key, base64url"] = base64.urlsafe_b64encode(scalar).decode().rstrip("=")
        out["account key, base64 of DER"] = base64.b64encode(der).decode()[:40]
        self.assertEqual(len(scalar), 32)
        return out


if __name__ == "__main__":
    harness.main()
