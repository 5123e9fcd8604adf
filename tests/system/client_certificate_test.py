#!/usr/bin/env python3
"""inbound_mtls_profiles: real clients with certificates, without, with the wrong ones, and with old sessions."""
import hashlib
import os
import ssl
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness, peers

NOTICED = 10
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


class client_certificate(harness.case):
    def setUp(self):
        super().setUp()
        self.origin = peers.file_origin(self)
        self.ca = certificates.make_ca(self.dir, "local-ca")
        self.pair = certificates.make_leaf(self.dir, "site", ["*.example.test"], self.ca)
        self.staff, self.devices = (certificates.make_ca(self.dir, name) for name in ("staff-ca", "devices-ca"))
        self.employee = certificates.make_leaf(self.dir, "employee", ["Jane Doe"], self.staff, usage="clientAuth")
        self.device = certificates.make_leaf(self.dir, "device", ["sensor"], self.devices, usage="clientAuth")
        self.not_for_clients = certificates.make_leaf(self.dir, "server", ["server"], self.staff)
        self.routes = (cardea.route("open", self.origin.port)
                       + cardea.route("staff", self.origin.port, "inbound_mtls_profile: staff\n")
                       + cardea.route("devices", self.origin.port, "inbound_mtls_profile: devices\n"))

    def profiles(self, staff):
        return cardea.local(*self.pair) + f"""
inbound_mtls_profiles:
  staff:
    ca_files: [{", ".join(staff)}]
  devices:
    use_system_cas: false
    ca_files:
      - {self.devices}
"""

    def serve(self, **more):
        self.server = cardea.server(self, self.profiles([self.staff]), self.routes, threads=4, **more).start()
        return self.server

    def curl(self, host, pair=None, *more, path="/small"):
        """The answer, or None when curl got none."""
        own = ["--cert", pair[0], "--key", pair[1]] if pair else []
        try:
            return self.server.get(path, f"{host}.example.test", self.ca, (*own, *more))
        except AssertionError:
            return None

    def context(self, version, pair=None):
        out = clients.trusting(self.ca)
        out.minimum_version = out.maximum_version = version
        if pair:
            out.load_cert_chain(*pair)
        return out

    def connect(self, name, context, session=None):
        one = clients.connection(self.server.https, f"{name}.example.test", context, session=session)
        self.addCleanup(one.close)
        return one

    def test_curl_gets_in_where_its_certificate_is_vouched_for(self):
        self.serve()
        for version in ("1.2", "1.3"):
            only = ("--tls-max", version, f"--tlsv{version}")
            self.assertEqual(self.curl("open", None, *only).status, 200)
            self.assertEqual(self.curl("staff", self.employee, *only).status, 200)
            self.assertEqual(self.curl("devices", self.device, *only).status, 200)
            for host, pair in (("staff", None), ("staff", self.device), ("devices", self.employee),
                               ("staff", self.not_for_clients)):
                self.assertIsNone(self.curl(host, pair, *only), f"{host} {pair} {version}")
        answer = self.curl("open", self.employee, "--http1.1", "-H", "Host: staff.example.test")
        self.assertEqual((answer.status, answer.headers["connection"]), (421, "close"))
        self.server.stop()

    def test_openssl_is_told_whose_certificate_is_wanted(self):
        self.serve()
        for name, wanted in (("staff", "CN = staff-ca"), ("devices", "CN = devices-ca"), ("open", None)):
            out = harness.run("openssl", "s_client", "-connect", f"127.0.0.1:{self.server.https}", "-servername",
                              f"{name}.example.test").stdout
            if wanted:
                self.assertIn(f"Acceptable client certificate CA names\n{wanted}\n", out)
            else:
                self.assertIn("No client certificate CA names sent", out)

    def test_t12_the_backend_learns_who_it_is_and_cannot_be_deceived(self):
        self.serve()
        forged = ("-H", "X-SSL-Client-Verify: SUCCESS", "-H", "x-ssl-client-subject-dn: CN=root", "-H",
                  "Client-Cert: :AA==:", "-H", "X_SSL_Client_Verify: SUCCESS")
        with open(self.employee[0], encoding="ascii") as file:
            fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).hexdigest()
        seen = self.curl("staff", self.employee, *forged, path="/identity").body
        self.assertEqual(seen.split("|"), ["SUCCESS", "CN=Jane Doe", fingerprint, ""])
        self.assertEqual(self.curl("open", None, *forged, path="/identity").body, "|||")

    def test_v04_sessions_resume_on_every_worker_and_under_no_other_policy(self):
        self.serve()
        for version in VERSIONS:
            context = self.context(version, self.employee)
            first = self.connect("staff", context)
            self.assertEqual(first.get("/small").status, 200)
            session = first.socket.session
            for _ in range(12):
                again = self.connect("staff", context, session)
                self.assertEqual(again.get("/small").status, 200)
                self.assertTrue(again.socket.session_reused)
            with self.assertRaises((OSError, clients.http.client.HTTPException), msg="to a stricter route"):
                self.connect("devices", context, session).get("/small")
            elsewhere = self.connect("open", context, session)
            self.assertEqual(elsewhere.get("/small").status, 200)
            self.assertFalse(elsewhere.socket.session_reused)

    def test_v05_when_the_authority_goes_so_do_its_clients(self):
        self.serve()
        for version in VERSIONS:
            context = self.context(version, self.employee)
            kept = self.connect("staff", context)
            self.assertEqual(kept.get("/small").status, 200)
            session = kept.socket.session
            self.server.configure(self.profiles([self.devices]), self.routes)
            harness.wait_until(lambda: self.curl("staff", self.device), NOTICED, "the other authority")
            self.assertEqual(kept.get("/small").status, 421, "a connection that was open")
            with self.assertRaises((OSError, clients.http.client.HTTPException), msg="an old session"):
                self.connect("staff", context, session).get("/small")
            self.server.configure(self.profiles([self.staff]), self.routes)
            harness.wait_until(lambda: self.curl("staff", self.employee), NOTICED, "the authority from before")

    def test_v05_a_change_of_the_authoritys_file_alone_is_noticed(self):
        text = self.read("staff-ca.crt")
        trusted = self.write("trusted.pem", text)
        self.server = cardea.server(self, self.profiles([trusted]), self.routes).start()
        self.assertEqual(self.curl("staff", self.employee).status, 200)
        self.replace("trusted.pem", self.read("devices-ca.crt"))
        harness.wait_until(lambda: self.curl("staff", self.device), NOTICED, "the new file")
        self.assertIsNone(self.curl("staff", self.employee))
        self.replace("trusted.pem", "nothing of value\n")
        self.server.process.wait_for_log("no certificate in the PEM text", NOTICED)
        self.server.process.wait_for_log("the old one goes on", NOTICED)
        self.assertEqual(self.curl("staff", self.device).status, 200)

    def test_the_entrypoints_profile_closes_the_whole_site(self):
        self.routes = cardea.route("open", self.origin.port)
        self.serve(entrypoint="inbound_mtls_profile: staff\n")
        for host in ("open", "nobody"):
            self.assertIsNone(self.curl(host))
            self.assertIsNone(self.curl(host, self.device))
        self.assertEqual(self.curl("open", self.employee).status, 200)
        self.assertEqual(self.curl("nobody", self.employee).status, 404)


if __name__ == "__main__":
    harness.main()
