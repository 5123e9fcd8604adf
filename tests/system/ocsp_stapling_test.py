#!/usr/bin/env python3
"""OCSP stapling with the responder of openssl: fetched, kept on disk, shown while it holds, never in the way."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness, peers

NAME = "ocsp.example.test"
# A responder is asked at once; the rest is for a busy machine.
ASKED = 15


class ocsp_stapling(harness.case):
    def setUp(self):
        super().setUp()
        self.port = harness.free_port()
        self.ca = certificates.make_ca(self.dir, "local-ca")
        leaf, self.key = self.leaf("site", f"authorityInfoAccess=OCSP;URI:http://127.0.0.1:{self.port}/\n")
        self.index = leaf[:-4] + ".index"
        self.chain = self.write("chain.crt", self.read(os.path.basename(leaf)) + self.read(os.path.basename(self.ca)))

    def leaf(self, name, more):
        return certificates.make_leaf(self.dir, name, [NAME], self.ca, more=more)

    def start_responder(self, *more):
        command = ["openssl", "ocsp", "-port", self.port, "-index", self.index, "-CA", self.ca, "-rsigner",
                   self.ca, "-rkey", self.ca[:-4] + ".key", *(more or ("-ndays", "1"))]
        responder = self.start("responder", command)
        responder.wait_for_log("waiting for OCSP client connections")
        return responder

    def serve(self, chain=None, key=None):
        section = cardea.local(chain or self.chain, key or self.key)
        return cardea.server(self, section, "x-none: {}\n").start()

    def status(self, server, *more):
        out = harness.run("openssl", "s_client", "-connect", f"127.0.0.1:{server.https}", "-servername", NAME, "-status",
                          "-CAfile", self.ca, *more)
        self.assertIn("Verify return code: 0 (ok)", out.stdout, out.stderr)
        if "OCSP response: no response sent" in out.stdout:
            return "none"
        self.assertIn("OCSP Response Status: successful", out.stdout)
        return "good" if "Cert Status: good" in out.stdout else "bad"

    def wait_for_status(self, server, wanted, *more):
        harness.wait_until(lambda: self.status(server, *more) == wanted, ASKED,
                           lambda: f"a handshake with {wanted}:\n{server.log()[-3000:]}")

    def test_a_response_is_shown_in_both_versions_and_outlives_the_responder_and_a_restart(self):
        responder = self.start_responder()
        server = self.serve()
        for version in ("-tls1_3", "-tls1_2"):
            self.wait_for_status(server, "good", version)
        # Who does not ask gets none, and is served all the same.
        self.assertEqual(certificates.served(server.https, NAME).names, [NAME])
        responder.stop()
        server.stop()
        server = self.serve()
        self.assertEqual(self.status(server), "good", "from the disk, at once")
        server.stop()

    def test_a_responder_that_is_away_hurts_no_handshake_and_is_said_once(self):
        server = self.serve()
        server.process.wait_for_log("no response to staple")
        for version in ("-tls1_3", "-tls1_2"):
            self.assertEqual(self.status(server, version), "none")
        server.stop()

    def test_a_damaged_response_on_disk_is_passed_over(self):
        self.write("chain.crt.ocsp", "nonsense")
        self.start_responder()
        server = self.serve()
        self.wait_for_status(server, "good")
        server.stop()

    def test_a_response_that_has_ended_is_shown_no_more(self):
        responder = self.start_responder("-nmin", "1")
        server = self.serve()
        self.wait_for_status(server, "good")
        responder.stop()
        harness.wait_until(lambda: self.status(server) == "none", 90, "a handshake without the response")
        server.process.wait_for_log("no response to staple")
        server.stop()

    def test_a_revoked_certificate_gets_no_response_and_an_alarm(self):
        text = self.read(os.path.basename(self.index)).split("\t")
        self.replace(os.path.basename(self.index), "\t".join(["R", text[1], "250101000000Z", *text[3:]]))
        self.start_responder()
        server = self.serve()
        server.process.wait_for_log("the CA has revoked the certificate", ASKED)
        self.assertEqual(self.status(server), "none")
        server.stop()

    def start_delegated(self, usage):
        """A responder that signs with a certificate which the CA gave it, for this use."""
        signer, key = certificates.make_leaf(self.dir, "signer", ["responder.test"], self.ca, usage=usage)
        return self.start_responder("-ndays", "1", "-rsigner", signer, "-rkey", key)

    def test_the_answer_of_a_signer_whom_the_ca_delegated_is_shown(self):
        self.start_delegated("OCSPSigning")
        server = self.serve()
        for version in ("-tls1_3", "-tls1_2"):
            self.wait_for_status(server, "good", version)
        server.stop()

    def test_the_answer_of_a_certificate_that_is_not_for_signing_ocsp_is_not_shown(self):
        self.start_delegated("serverAuth")
        server = self.serve()
        server.process.wait_for_log("signature is not the issuer's", ASKED)
        self.assertEqual(self.status(server), "none")
        self.assertFalse(os.path.exists(self.chain + ".ocsp"))
        server.stop()

    def test_b54_a_certificate_that_its_ca_revoked_is_replaced_with_a_new_key(self):
        dns = peers.name_server(self, ["example.test", "other.test"])
        ca = peers.acme_ca(self, dns, settings={"ocspResponderURL": f"http://127.0.0.1:{self.port}"})
        section = cardea.acme(dns, ca, ("example.test",), "reuse_key: true\n")
        server = cardea.server(self, section, "x-none: {}\n").start()
        server.wait_for_certificates("main")
        server.stop()
        old, old_key = cardea.serial_on_disk(self, cardea.MAIN), self.read(cardea.MAIN[1])
        # What Pebble signs with speaks for it.
        self.ca = self.write("issuer.crt", ca.ask_management("/intermediates/0"))
        self.write("issuer.key", ca.ask_management("/intermediate-keys/0"))
        self.index = self.write("pebble.index", f"R\t301231235959Z\t250101000000Z\t{old}\tunknown\t/CN=example.test\n")
        self.start_responder()
        server.start()
        server.process.wait_for_log("the CA has revoked the certificate", ASKED)
        harness.wait_until(lambda: cardea.serial_on_disk(self, cardea.MAIN) != old, 30,
                           lambda: f"another certificate:\n{server.log()[-4000:]}")
        self.assertNotEqual(self.read(cardea.MAIN[1]), old_key, "whatever reuse_key says")
        self.assertEqual(ca.order_count(), 2)
        self.assertRegex(server.log(), "renewal started.*reason=revoked")
        harness.wait_until(lambda: certificates.served(server.https, "example.test").serial != old, 5, "it served")
        server.stop()

    def test_the_answer_of_somebody_else_is_not_shown(self):
        other = certificates.make_ca(self.dir, "other-ca")
        self.start_responder("-ndays", "1", "-rsigner", other, "-rkey", other[:-4] + ".key", "-rother", other)
        server = self.serve()
        server.process.wait_for_log("signature is not the issuer's", ASKED)
        self.assertEqual(self.status(server), "none")
        server.stop()

    def test_a_certificate_without_a_responder_asks_nobody(self):
        leaf, key = self.leaf("plain", "")
        chain = self.write("plain-chain.crt", self.read(os.path.basename(leaf)) + self.read(os.path.basename(self.ca)))
        server = self.serve(chain, key)
        self.assertEqual(self.status(server), "none")
        self.assertNotIn("staple", server.log())
        self.assertFalse(os.path.exists(chain + ".ocsp"))
        server.stop()


if __name__ == "__main__":
    harness.main()
