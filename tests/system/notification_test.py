#!/usr/bin/env python3
"""Operators are told of renewals, failures and configurations that are not used, by a receiver that looks closely."""
import http.server
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, harness, peers

SECRET = "n0t1fy-s3cr3t"


class receiver:
    """Keeps what it is told, and answers as `statuses` say, then 200; hangs while `hang` is set."""

    def __init__(self, test):
        self.seen, self.statuses, self.hang = [], [], threading.Event()
        owner = self

        class handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                owner.seen.append({"method": self.command, "path": self.path, "fields": dict(self.headers.items()),
                                   "body": body, "at": time.monotonic()})
                status = 200
                if owner.hang.is_set():
                    time.sleep(5)  # longer than anybody waits for it
                elif owner.statuses:
                    status = owner.statuses.pop(0)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_PUT = do_GET = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)

    def wait_for(self, count, seconds=30):
        harness.wait_until(lambda: len(self.seen) >= count, seconds, lambda: f"{count} notifications: {self.seen}")
        return self.seen[:count]

    def of(self, path):
        return [each for each in self.seen if each["path"] == path]


class notification(harness.case):
    def setUp(self):
        super().setUp()
        self.origin = peers.file_origin(self)
        self.told = receiver(self)

    def serve(self, autocert, services, start=True):
        server = cardea.server(self, autocert, cardea.route("app", self.origin.port))
        entries = "\n".join(f"    - {json.dumps(each)}" for each in services)
        server.frame = server.frame.replace("providers:\n", f"providers:\n  notification:\n{entries}\n")
        server.configure(autocert, cardea.route("app", self.origin.port))
        return server.start() if start else server

    def address(self, path=""):
        return f"http://127.0.0.1:{self.told.port}{path}"

    def internal(self, *names):
        return f"autocert:\n  provider: internal\n  domains: [{', '.join(names)}]\n"

    def test_b92_each_service_is_told_of_a_new_certificate_in_its_own_way(self):
        services = [
            {"name": "g", "provider": "gotify", "url": self.address("/gotify"), "token": SECRET},
            {"name": "n", "provider": "ntfy", "url": self.address(), "topic": "certs", "token": SECRET},
            {"name": "w", "provider": "webhook", "url": self.address(f"/hook/{SECRET}"), "method": "PUT",
             "headers": {"X-Key": SECRET}, "payload": '{"t": $title, "m": $message, "f": $fields, "c": "$color"}'},
            {"name": "d", "provider": "webhook", "url": self.address("/discord"), "template": "discord"},
            {"name": "f", "provider": "webhook", "url": self.address("/form"), "mime_type": "form",
             "payload": "t=$title"},
        ]
        server = self.serve(self.internal("example.test", "app.example.test"), services)
        self.told.wait_for(5)
        title = "SSL certificate renewed for main"
        gotify, = self.told.of("/gotify/message")
        self.assertEqual(gotify["method"], "POST")
        self.assertEqual(gotify["fields"]["Authorization"], f"Bearer {SECRET}")
        body = json.loads(gotify["body"])
        self.assertEqual((body["title"], body["message"], body["priority"]),
                         (title, "* example.test\n* app.example.test", 0))
        ntfy, = self.told.of("/certs")
        self.assertEqual((ntfy["fields"]["Title"], ntfy["fields"]["Priority"], ntfy["fields"]["Markdown"]),
                         (title, "low", "yes"))
        hook, = self.told.of(f"/hook/{SECRET}")
        self.assertEqual((hook["method"], hook["fields"]["X-Key"]), ("PUT", SECRET))
        self.assertEqual(json.loads(hook["body"]), {"t": title, "m": "* example.test\n* app.example.test",
                                                    "f": ["example.test", "app.example.test"], "c": "#00ff00"})
        discord, = self.told.of("/discord")
        self.assertEqual(json.loads(discord["body"])["embeds"][0]["color"], 0x00ff00)
        form, = self.told.of("/form")
        self.assertEqual(form["body"], "t=SSL%20certificate%20renewed%20for%20main")
        server.stop()
        self.assertNotIn(SECRET, server.log())

    def test_b92_a_failure_is_told_once_and_again_after_errors_and_silence_of_the_receiver(self):
        self.told.statuses = [500, 503]
        self.told.hang.set()
        dns = peers.name_server(self, ["example.test"])
        ca = peers.acme_ca(self, dns, is_up=False)
        services = [{"name": "n", "provider": "ntfy", "url": self.address(), "topic": f"t-{SECRET}"}]
        server = self.serve(cardea.acme(dns, ca, ["example.test"], more=""), services)
        self.told.wait_for(1, 60)
        self.assertIn("renewal failed", server.log(), "the receiver hangs, and nothing waits for it")
        self.told.hang.clear()
        first, second, third, fourth = self.told.wait_for(4, 60)
        for each in (first, second, third, fourth):
            self.assertEqual(each["fields"]["Title"], "SSL certificate renewal failed for main")
            self.assertEqual(each["fields"]["Priority"], "high")
            self.assertIn("check ca_dir_url", each["body"])
        self.assertLess(second["at"] - first["at"], 4.5, "2 s of patience, then a pause of 1 s")
        # Its next attempts fail for the same reason, which is known.
        server.process.wait_for_log(r"renewal failed[\s\S]*renewal failed", 60)
        time.sleep(1)
        self.assertEqual(len(self.told.seen), 4)
        server.stop()
        self.assertNotIn(SECRET, server.log())

    def test_a_configuration_that_is_not_used_is_told_and_the_receiver_of_the_old_one_hears_it(self):
        services = [{"name": "n", "provider": "ntfy", "url": self.address(), "topic": "config"}]
        server = self.serve(self.internal("example.test"), services)
        self.told.wait_for(1)
        self.replace("config/routes.yml", "app:\n  prot: 3000\n")
        told = self.told.wait_for(2)[1]
        self.assertEqual(told["fields"]["Title"], "Configuration not used, the old one goes on")
        self.assertIn("routes.yml:2:3: app.prot: unknown key", told["body"])
        server.stop()


if __name__ == "__main__":
    harness.main()
