#!/usr/bin/env python3
"""A folder of certificates that others put there: named as by HAProxy, nginx and certbot, and changing."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness

# A file is looked at half a second after its last change; the rest is for a busy machine.
NOTICED = 15


class certificate_folder(harness.case):
    def setUp(self):
        super().setUp()
        self.ca = certificates.make_ca(self.dir, "local-ca")
        os.mkdir(self.path("sites"))

    def pair(self, *names, **how):
        """(chain, key) as text."""
        paths = certificates.make_leaf(self.dir, "made", list(names), self.ca, **how)
        out = []
        for path in paths:
            with open(path, encoding="ascii") as file:
                out.append(file.read())
        return out

    def put(self, name, text):
        os.makedirs(os.path.dirname(self.path("sites", name)), exist_ok=True)
        self.replace(os.path.join("sites", name), text)

    def put_bundle(self, name, *names, **how):
        self.put(name, "".join(self.pair(*names, **how)))

    def serve(self, more=""):
        section = "autocert:\n  folders: [sites]\n" + more
        return cardea.server(self, section, "x-none: {}\n").start()

    def names(self, server, name, *more):
        return certificates.served(server.https, name, *more).names

    def wait_for(self, server, name, names):
        harness.wait_until(lambda: self.names(server, name) == names, NOTICED,
                           lambda: f"{name} served with {names}:\n{server.log()[-3000:]}")

    def test_files_are_served_named_as_by_haproxy_nginx_and_certbot(self):
        self.put_bundle("a.test.pem", "a.test", "*.a.test")
        for folder, chain, key, name in ((".", "b.crt", "b.key", "b.test"), (".", "c.pem", "c.pem.key", "c.test"),
                                         ("d.test", "fullchain.pem", "privkey.pem", "d.test")):
            cert, private = self.pair(name)
            self.put(os.path.join(folder, chain), cert)
            self.put(os.path.join(folder, key), private)
        self.put_bundle("e.rsa.pem", "e.test", key=certificates.RSA_KEY)
        self.put_bundle("e.ecdsa.pem", "e.test")
        server = self.serve()
        for name in ("b.test", "c.test", "d.test"):
            self.assertEqual(self.names(server, name), [name])
        self.assertEqual(self.names(server, "x.a.test"), ["*.a.test", "a.test"])
        for name in (None, "unknown.test"):
            self.assertEqual(self.names(server, name), ["*.a.test", "a.test"], "the first file answers for all others")
        self.assertEqual(certificates.served(server.https, "e.test").key, "ECDSA")
        self.assertEqual(certificates.served(server.https, "e.test", "-sigalgs", "RSA-PSS+SHA256").key, "RSA")
        self.assertNotIn("claimed twice", server.log())
        server.stop()
        printed = cardea.run("certs", folder=self.dir)
        self.assertIn("6 usable, 0 expired, 0 not usable", printed.stdout)

    def test_changes_are_followed_and_bad_files_are_named_and_change_nothing(self):
        self.put_bundle("a.pem", "a.test")
        self.put("bad.pem", "nonsense")
        server = self.serve()
        self.assertIn("sites/bad.pem", server.log())
        self.assertEqual(self.names(server, "a.test"), ["a.test"])
        self.put_bundle("b.pem", "b.test")
        self.wait_for(server, "b.test", ["b.test"])
        self.put("a.pem", "half of it")
        server.process.wait_for_log("sites/a.pem")
        self.assertEqual(self.names(server, "a.test"), ["a.test"])
        self.put_bundle("a.pem", "a.test", "new.a.test")
        self.wait_for(server, "new.a.test", ["a.test", "new.a.test"])
        self.put_bundle("new/fullchain.pem", "folder.test")
        cert, key = self.pair("folder.test")
        self.put("new/privkey.pem", key)
        self.put("new/fullchain.pem", cert)
        self.wait_for(server, "folder.test", ["folder.test"])
        os.remove(self.path("sites", "b.pem"))
        self.wait_for(server, "b.test", ["a.test", "new.a.test"])
        server.stop()

    def test_b15_a_newer_file_takes_the_place_of_an_expired_certificate(self):
        self.put_bundle("a.pem", "a.test", days=(-20, -1))
        server = self.serve()
        old = certificates.served(server.https, "a.test").serial
        self.put_bundle("a.pem", "a.test")
        harness.wait_until(lambda: certificates.served(server.https, "a.test").serial != old, NOTICED, "the newer one")
        server.stop()

    def test_t18_a_name_in_two_files_stays_with_the_first_and_is_reported(self):
        self.put_bundle("b.pem", "x.test", "b.test")
        self.put_bundle("a.pem", "x.test", "a.test")
        server = self.serve()
        self.assertEqual(self.names(server, "x.test"), ["a.test", "x.test"])
        self.assertRegex(server.log(), r"a name is claimed twice.*name=x\.test.*kept_by=sites/a\.pem.*refused=sites/b\.pem")
        server.stop()


if __name__ == "__main__":
    harness.main()
