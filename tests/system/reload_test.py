#!/usr/bin/env python3
"""Configuration that changes while Cardea runs: by SIGHUP, by the files alone, and when it is bad."""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness, peers

# A file is looked at half a second after its last change; the rest is for a busy machine.
NOTICED = 10


class reload(harness.case):
    def setUp(self):
        super().setUp()
        self.origin = peers.file_origin(self)
        self.ca = certificates.make_ca(self.dir, "local-ca")
        self.pair = certificates.make_leaf(self.dir, "first", ["*.example.test"], self.ca)
        self.app, self.blog = (cardea.route(alias, self.origin.port) for alias in ("app", "blog"))
        self.server = cardea.server(self, cardea.local(*self.pair), self.app).start()
        self.assertEqual(self.status("app"), 200)

    def status(self, alias):
        return self.server.get("/small", f"{alias}.example.test", self.ca).status

    def wait_for_status(self, alias, status):
        harness.wait_until(lambda: self.status(alias) == status, NOTICED, f"{status} of {alias}")

    def served(self):
        return certificates.served(self.server.https, "app.example.test").serial

    def reloads(self):
        return self.server.log().count("configuration reloaded")

    def test_sighup_reloads_also_when_no_file_changed(self):
        for count in (1, 2):
            self.server.process.signal(signal.SIGHUP)
            harness.wait_until(lambda count=count: self.reloads() == count, NOTICED, f"reload {count}")
            self.assertEqual(self.status("app"), 200)
        self.assertNotIn("files changed", self.server.log())

    def test_routes_come_and_go_and_a_connection_that_is_open_stays(self):
        kept = clients.connection(self.server.https, "app.example.test", clients.trusting(self.ca))
        self.addCleanup(kept.close)
        self.assertEqual(kept.get("/small").status, 200)
        self.assertEqual(self.status("blog"), 404)
        self.server.configure(cardea.local(*self.pair), self.app + self.blog)
        self.wait_for_status("blog", 200)
        self.assertIn("configuration files changed", self.server.log())
        self.assertEqual(kept.get("/small").status, 200)
        self.server.configure(cardea.local(*self.pair), self.blog)
        self.wait_for_status("app", 404)
        self.assertEqual(self.status("blog"), 200)
        self.assertEqual(kept.get("/small").status, 404, "its next request sees the new routes")
        self.server.stop()

    def test_requests_do_not_fail_while_routes_change(self):
        with clients.load(self.server.https, "app.example.test", "/small", clients.trusting(self.ca)) as load:
            for count in range(1, 21):
                self.replace("config/routes.yml", self.app if count % 2 else self.app + self.blog)
                self.server.process.signal(signal.SIGHUP)
                harness.wait_until(lambda count=count: self.reloads() >= count, NOTICED, f"reload {count}")
            harness.wait_until(lambda: load.succeeded > 500, 20, "load")
        self.assertEqual(load.failures, [])

    def test_a_bad_file_changes_nothing_and_says_why_until_it_is_repaired(self):
        for name, bad, why in (
                ("routes.yml", self.app + "shop:\n  prot: 1\n",
                 r'config/routes\.yml:5:3: shop\.prot: unknown key; did you mean \\?"port\\?"'),
                ("routes.yml", "app: [\n", r"config/routes\.yml:2:1: invalid YAML"),
                ("config.yml", cardea.local(*self.pair) + self.server.frame + "acl: {default: deny}\n", r"config/config\.yml:\d+:1: acl")):
            with self.subTest(why):
                seen = len(self.server.log())
                self.replace(f"config/{name}", bad)
                self.server.process.wait_for_log(why, NOTICED, since=seen)
                self.server.process.wait_for_log("the old one goes on", NOTICED, since=seen)
                self.assertEqual((self.status("app"), self.status("blog")), (200, 404))
                before = self.reloads()
                self.server.configure(cardea.local(*self.pair), self.app)
                harness.wait_until(lambda before=before: self.reloads() > before, NOTICED, "a reload after the repair")
        self.server.configure(cardea.local(*self.pair), self.app + self.blog)
        self.wait_for_status("blog", 200)

    def test_another_certificate_in_the_configuration_is_served(self):
        other = certificates.make_leaf(self.dir, "second", ["*.example.test"], self.ca)
        self.server.configure(cardea.local(*other), self.app)
        serial = certificates.leaf.on_disk(other[0]).serial
        harness.wait_until(lambda: self.served() == serial, NOTICED, "the second certificate")
        self.assertEqual(self.status("app"), 200)

    def test_a_local_certificate_that_is_replaced_on_disk_is_served(self):
        cert, key = certificates.make_leaf(self.dir, "renewed", ["*.example.test"], self.ca)
        for fresh, old in ((key, self.pair[1]), (cert, self.pair[0])):
            os.replace(fresh, old)
        serial = certificates.leaf.on_disk(self.pair[0]).serial
        harness.wait_until(lambda: self.served() == serial, NOTICED, "the renewed certificate")

    def test_a_local_pair_that_is_not_there_is_reported_with_its_path_and_served_once_it_comes(self):
        cert, key = (self.path("later", name) for name in ("later.crt", "later.key"))
        os.mkdir(self.path("later"))
        self.server.stop()
        self.server.configure(cardea.local(cert, key), self.app)
        self.server.start()
        self.server.process.wait_for_log(f"(warn|error).*{cert}", 5)
        made = certificates.make_leaf(self.dir, "made", ["*.example.test"], self.ca)
        for fresh, name in zip(made, (cert, key), strict=True):
            os.replace(fresh, name)
        serial = certificates.leaf.on_disk(cert).serial
        harness.wait_until(lambda: self.served() == serial, NOTICED, "the pair that came later")

    def test_other_domains_of_the_internal_authority_get_a_new_leaf_and_a_bad_section_nothing(self):
        def section(names):
            return f"autocert:\n  provider: internal\n  domains: [{names}]\n"

        self.server.configure(section("app.example.test"), self.app)
        harness.wait_until(lambda: certificates.served(self.server.https, "app.example.test").names
                           == ["app.example.test"], NOTICED, "a leaf of the internal authority")
        self.server.configure(section("app.example.test, blog.example.test"), self.app)
        harness.wait_until(lambda: certificates.served(self.server.https, "app.example.test").names
                           == ["app.example.test", "blog.example.test"], NOTICED, "a leaf for both names")
        serial = self.served()
        self.server.configure("autocert:\n  provider: internal\n", self.app)
        self.server.process.wait_for_log("missing field domains", NOTICED)
        self.assertEqual(self.served(), serial)
        status, info = self.server.ask_api("cert/info")
        self.assertEqual((status, info[0]["dns_names"]), (200, ["app.example.test", "blog.example.test"]))

    def test_addresses_stay_and_that_is_said(self):
        frame, other = self.server.frame, harness.free_port()
        self.server.frame = frame.replace(f"127.0.0.1:{self.server.https}", f"127.0.0.1:{other}")
        self.server.configure(cardea.local(*self.pair), self.app + self.blog)
        self.wait_for_status("blog", 200)
        self.assertIn("change with a restart only", self.server.log())
        self.assertFalse(harness.listens(other))


if __name__ == "__main__":
    harness.main()
