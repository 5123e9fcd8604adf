#!/usr/bin/env python3
"""Certificates that somebody else renews, laid out as certbot and cert-manager do: picked up as they change."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness, peers

NAME = "app.example.test"


class local_files(harness.case):
    def setUp(self):
        super().setUp()
        self.ca = certificates.make_ca(self.dir, "some-ca")
        self.origin = peers.file_origin(self)
        self.made = 0

    def leaf(self):
        """(certificate, key, serial number) of a new pair for NAME, somewhere else."""
        self.made += 1
        cert, key = certificates.make_leaf(self.dir, f"leaf{self.made}", [NAME], self.ca)
        return cert, key, certificates.leaf.on_disk(cert).serial

    def place(self, source, *to):
        os.makedirs(os.path.dirname(self.path(*to)), exist_ok=True)
        with open(source, "rb") as file, open(self.path(*to), "wb") as copy:
            copy.write(file.read())
        os.chmod(self.path(*to), 0o600)

    def serve(self, cert, key):
        server = cardea.server(self, cardea.local(cert, key), cardea.route("app", self.origin.port))
        return server.start()

    def wait_for(self, server, serial):
        harness.wait_until(lambda: server.serial(NAME) == serial, 15, lambda: f"{serial} served\n{server.log()[-3000:]}")

    def test_certbot_writes_to_archive_and_replaces_the_links_of_live_one_after_the_other(self):
        def write_lineage(number):
            cert, key, serial = self.leaf()
            self.place(key, f"le/archive/site/privkey{number}.pem")
            self.place(cert, f"le/archive/site/fullchain{number}.pem")
            return serial

        def link(kind, number):
            at = self.path(f"le/live/site/{kind}.pem")
            os.makedirs(os.path.dirname(at), exist_ok=True)
            if os.path.lexists(at):
                os.unlink(at)
            os.symlink(f"../../archive/site/{kind}{number}.pem", at)

        first = write_lineage(1)
        link("privkey", 1)
        link("fullchain", 1)
        server = self.serve("le/live/site/fullchain.pem", "le/live/site/privkey.pem")
        self.wait_for(server, first)
        second = write_lineage(2)
        link("privkey", 2)
        # Half of a renewal, for longer than changes are gathered: the old pair goes on.
        time.sleep(1.5)
        self.assertEqual(server.serial(NAME), first)
        server.process.wait_for_log("are not a usable pair", 10)
        link("fullchain", 2)
        self.wait_for(server, second)
        server.stop()

    def test_a_mounted_secret_exchanges_its_whole_folder_by_one_link(self):
        def write_version(number):
            cert, key, serial = self.leaf()
            self.place(cert, f"secret/..v{number}/tls.crt")
            self.place(key, f"secret/..v{number}/tls.key")
            return serial

        first = write_version(1)
        os.symlink("..v1", self.path("secret/..data"))
        for name in ("tls.crt", "tls.key"):
            os.symlink(f"..data/{name}", self.path("secret", name))
        server = self.serve("secret/tls.crt", "secret/tls.key")
        self.wait_for(server, first)
        second = write_version(2)
        os.symlink("..v2", self.path("secret/..data_tmp"))
        os.replace(self.path("secret/..data_tmp"), self.path("secret/..data"))
        self.wait_for(server, second)
        server.stop()

    def test_files_are_renamed_over_and_written_in_place(self):
        cert, key, first = self.leaf()
        self.place(cert, "tls/site.crt")
        self.place(key, "tls/site.key")
        server = self.serve("tls/site.crt", "tls/site.key")
        self.wait_for(server, first)
        cert, key, second = self.leaf()
        for source, name in ((cert, "site.crt"), (key, "site.key")):
            self.place(source, "tls", name + ".new")
            os.replace(self.path("tls", name + ".new"), self.path("tls", name))
        self.wait_for(server, second)
        cert, key, third = self.leaf()
        self.place(key, "tls/site.key")
        self.place(cert, "tls/site.crt")
        self.wait_for(server, third)
        self.place(key, "tls/site.crt")  # no certificate at all
        server.process.wait_for_log("certificate on disk is not usable", 10)
        self.assertEqual(server.serial(NAME), third)
        self.assertEqual(sorted(os.listdir(self.path("tls"))), ["site.crt", "site.key"], "files of others stay alone")
        server.stop()

    def test_an_extra_appears_after_the_start(self):
        server = cardea.server(self, """autocert:
  provider: pseudo
  domains: [main.example.test]
  extra:
    - provider: local
      cert_path: late/site.crt
      key_path: late/site.key
""", cardea.route("app", self.origin.port)).start()
        cert, key, serial = self.leaf()
        self.place(key, "late/site.key")
        self.place(cert, "late/site.crt")
        self.wait_for(server, serial)
        server.stop()


if __name__ == "__main__":
    harness.main()
