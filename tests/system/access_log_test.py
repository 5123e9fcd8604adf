#!/usr/bin/env python3
"""Access logs as their readers see them: nginx's format, JSON, logrotate, goaccess, and a disk that is full."""
import json
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness, peers

COMBINED = re.compile(r'(?P<host>\S+) (?P<ip>\S+) - - \[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] '
                      r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) (?P<size>\d+|-) '
                      r'"(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)"')


class access_log(harness.case):
    def setUp(self):
        super().setUp()
        self.origin = peers.file_origin(self)
        self.write("nginx/www/page", "x" * 1000)
        self.ca = certificates.make_ca(self.dir, "local-ca")
        self.pair = certificates.make_leaf(self.dir, "site", ["*.example.test"], self.ca)

    def server(self, entrypoint, route="", threads=1):
        routes = cardea.route("app", self.origin.port, route)
        return cardea.server(self, cardea.local(*self.pair), routes, threads=threads, entrypoint=entrypoint).start()

    def lines(self, name, count):
        """Of the log, when so many are there."""
        def complete():
            return os.path.exists(self.path(name)) and len(self.read(name).splitlines()) >= count
        harness.wait_until(complete, 5, f"{count} lines in {name}")
        return self.read(name).splitlines()

    def test_curl_nginx_combined_lines_tell_of_every_request(self):
        server = self.server("access_log:\n  path: access.log\n")
        agent = ("-A", 'browser "quoted" \\ \u00fc', "-e", "https://from.example.test/")
        self.assertEqual(server.get("/page?a=b%20c", cacert=self.ca, more=agent).status, 200)
        self.assertEqual(server.get("/missing", cacert=self.ca, more=("--http1.1", "-X", "DELETE")).status, 405)
        self.assertEqual(server.get("/", host="nobody.example.test", cacert=self.ca).status, 404)
        self.assertEqual(clients.curl("http://app.example.test/page", server.http).status, 308)
        bad = clients.curl("http://app.example.test/", server.http, "-H", "Content-Length: 1", "-H", "Content-Length: 2")
        self.assertEqual(bad.status, 400)
        lines = self.lines("access.log", 5)
        parsed = [COMBINED.fullmatch(line) for line in lines]
        self.assertTrue(all(parsed), lines)
        first = parsed[0].groupdict()
        self.assertEqual((first["host"], first["ip"], first["status"], first["size"]),
                         ("app.example.test", "127.0.0.1", "200", "1000"))
        self.assertEqual(first["request"], "GET /page?a=b%20c HTTP/2.0")
        self.assertEqual(first["referer"], "https://from.example.test/")
        self.assertEqual(first["agent"], r"browser \x22quoted\x22 \x5C \xC3\xBC", "as nginx escapes")
        self.assertEqual([each["status"] for each in parsed], ["200", "405", "404", "308", "400"])
        self.assertEqual(parsed[1]["request"], "DELETE /missing HTTP/1.1")
        report = harness.run("goaccess", self.path("access.log"), "--no-global-config", "-o", self.path("report.json"),
                             "--log-format", '%v %h %^[%d:%t %^] "%r" %s %b "%R" "%u"', "--date-format", "%d/%b/%Y",
                             "--time-format", "%H:%M:%S", seconds=20)
        self.assertEqual(report.returncode, 0, report.stderr)
        general = json.loads(self.read("report.json"))["general"]
        self.assertEqual(general["valid_requests"], 5, "goaccess understands every line")
        server.stop()

    def test_curl_nginx_json_keeps_drops_and_redacts(self):
        server = self.server("", """
  access_log:
    path: app.json
    format: json
    filters:
      status_codes: {values: [200-299]}
      headers: {negative: true, values: [X-Probe]}
    fields:
      headers: {default: drop, config: {Authorization: redact, Accept: keep}}
      query: {default: keep, config: {token: redact}}
      cookies: {default: redact}
""")
        more = ("-H", "Authorization: Bearer secret-1", "-H", "X-Other: secret-2", "-b", "session=secret-3")
        self.assertEqual(server.get("/page?token=secret-4&q=1", cacert=self.ca, more=more).status, 200)
        self.assertEqual(server.get("/missing", cacert=self.ca).status, 404)
        self.assertEqual(server.get("/page", cacert=self.ca, more=("-H", "X-Probe: 1")).status, 200)
        self.assertEqual(server.get("/page?last=1", cacert=self.ca).status, 200)
        lines = self.lines("app.json", 2)
        self.assertEqual(len(lines), 2, "of what the filters keep")
        self.assertNotIn("secret", self.read("app.json"))
        one = json.loads(lines[0])
        self.assertEqual((one["host"], one["method"], one["status"], one["path"]),
                         ("app.example.test", "GET", 200, "/page"))
        self.assertEqual(one["query"], {"token": ["REDACTED"], "q": ["1"]})
        self.assertEqual(one["headers"]["Authorization"], ["REDACTED"])
        self.assertEqual(one["cookies"], {"session": "REDACTED"})
        server.stop()

    def test_curl_the_client_is_the_one_that_a_trusted_proxy_names(self):
        server = self.server("access_log:\n  path: access.log\nmiddlewares:\n"
                             "  - {use: real_ip, header: X-Real-Client, from: [127.0.0.0/8]}\n")
        self.assertEqual(server.get("/page", cacert=self.ca, more=("-H", "X-Real-Client: 192.0.2.7")).status, 200)
        self.assertEqual(server.get("/page", cacert=self.ca).status, 200)
        lines = self.lines("access.log", 2)
        self.assertEqual([COMBINED.fullmatch(each)["ip"] for each in lines], ["192.0.2.7", "127.0.0.1"])
        server.stop()

    def test_logrotate_loses_no_line(self):
        server = self.server("access_log:\n  path: access.log\n")
        with open(self.path("rotate.conf"), "w", encoding="ascii") as file:
            file.write(f"""
"{self.path("access.log")}" {{
  rotate 20
  nocompress
  postrotate
    kill -USR1 {server.process.child.pid}
  endscript
}}
""")
        os.chmod(self.path("rotate.conf"), 0o600)
        trust = clients.trusting(self.ca)
        rounds, done = 5, 0
        with clients.load(server.https, "app.example.test", "/page", trust) as load:
            for number in range(1, rounds + 1):
                self.lines("access.log", 20)
                out = harness.run("logrotate", "-f", "-s", self.path("rotate.state"), self.path("rotate.conf"))
                self.assertEqual(out.returncode, 0, out.stderr)
                harness.wait_until(lambda: os.path.exists(self.path("access.log")), 5, "a new file at the path")
                done = number
        self.assertEqual((load.failures, done), ([], rounds))
        server.stop()
        files = [self.path("access.log")] + [self.path(f"access.log.{i}") for i in range(1, rounds + 1)]
        logged = sum(self.read(os.path.basename(each)).count("\n") for each in files)
        self.assertEqual(logged, load.succeeded, "one line for each answer, over all files")

    def test_l12_a_full_disk_costs_lines_and_no_request(self):
        server = self.server("access_log:\n  path: /dev/full\nlimits:\n  access_log_buffer_bytes: 256KiB\n")

        def dropped():
            page = clients.curl(f"http://127.0.0.1:{server.api}/api/v1/metrics", server.api).body
            return int(re.search(r"^cardea_access_log_dropped_total (\d+)", page, re.MULTILINE)[1])
        path = "/page?" + "x" * 6000
        with clients.load(server.https, "app.example.test", path, clients.trusting(self.ca)) as load:
            harness.wait_until(lambda: dropped() > 100, 20, "lines that are dropped")
            before = load.succeeded
            harness.wait_until(lambda: load.succeeded > before + 100, 20, "requests that are served meanwhile")
        self.assertEqual(load.failures, [])
        self.assertIn("/dev/full", server.log())
        server.stop()

    def test_sigusr1_opens_a_file_that_was_renamed(self):
        server = self.server("access_log:\n  path: access.log\n")
        self.assertEqual(server.get("/page", cacert=self.ca).status, 200)
        self.lines("access.log", 1)
        os.rename(self.path("access.log"), self.path("old.log"))
        server.process.signal(signal.SIGUSR1)
        harness.wait_until(lambda: os.path.exists(self.path("access.log")), 5, "a new file")
        self.assertEqual(server.get("/page?again", cacert=self.ca).status, 200)
        self.assertIn("?again", self.lines("access.log", 1)[0])
        self.assertEqual(len(self.read("old.log").splitlines()), 1)
        server.stop()


if __name__ == "__main__":
    harness.main()
