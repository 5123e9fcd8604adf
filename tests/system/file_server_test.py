#!/usr/bin/env python3
"""A folder served by Cardea and by nginx, asked the same: what differs is written down here."""
import email.parser
import gzip
import hashlib
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness

MODIFIED = 784_111_777
SAME, BEFORE, AFTER = (f"Sun, 06 Nov 1994 08:49:{second} GMT" for second in (37, 36, 38))
HUGE = 5 * 1024**3


class reply:
    """What two servers must agree on."""

    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def parts(self):
        """Of a multipart message: (range, type, hash) of each."""
        head = f"Content-Type: {self.fields['content-type']}\r\n\r\n".encode()
        message = email.parser.BytesParser().parsebytes(head + self.body)
        return [(part["Content-Range"], part.get_content_type(), hashlib.sha256(part.get_payload(decode=True)).hexdigest())
                for part in message.get_payload()]

    def comparable(self):
        named = {"status": self.status, "range": self.fields.get("content-range")}
        if self.status >= 400:
            return named
        if self.status == 301:
            asked = f"http://files.example.test{self.fields['x-asked']}"
            target = urllib.parse.urlsplit(urllib.parse.urljoin(asked, self.fields["location"]))
            return {**named, "target": (target.path, target.query)}
        named["modified"] = self.fields.get("last-modified")
        if self.status == 304:
            return named
        kind = self.fields["content-type"].split(";")[0]
        named["type"] = kind
        if kind == "multipart/byteranges":
            return {**named, "parts": self.parts()}
        named["coding"] = self.fields.get("content-encoding")
        named["length"] = self.fields.get("content-length")
        named["body"] = hashlib.sha256(self.body).hexdigest()
        return named


class file_server(harness.case):
    def setUp(self):
        super().setUp()
        self.root = self.path("www")
        for name, data in {"index.html": b"<p>index</p>\n", "sub/index.html": b"<p>sub</p>\n", "sub/a b.txt": b"blank",
                           "bare/x.txt": b"x", "digits.txt": b"0123456789", "style.css": b"p{}" * 2_000,
                           "style.css.gz": gzip.compress(b"p{}" * 2_000, mtime=0), "data.json": b"{}", "empty.txt": b"",
                           "no-extension": b"bytes", "picture.png": bytes(range(256)) * 4_096,
                           "caf\u00e9.txt": b"coffee", ".hidden": b"hidden"}.items():
            self.put(name, data)
        self.put("huge.bin", b"")
        with open(os.path.join(self.root, "huge.bin"), "r+b") as file:
            file.truncate(HUGE)
            file.seek(HUGE - 3)
            file.write(b"end")
        os.mkfifo(os.path.join(self.root, "pipe"))
        with open(self.path("secret.txt"), "wb") as file:
            file.write(b"secret")
        os.symlink("../secret.txt", os.path.join(self.root, "escape.txt"))
        os.symlink("digits.txt", os.path.join(self.root, "inside.txt"))
        self.asked = 0
        self.start_nginx()
        ca = certificates.make_ca(self.dir, "local-ca")
        pair = certificates.make_leaf(self.dir, "first", ["*.example.test"], ca)
        self.server = cardea.server(self, cardea.local(*pair), f"files:\n  scheme: fileserver\n  root: {self.root}\n"
                                    "  precompressed: [gzip]\n").start()
        self.servers = {
            "nginx": (f"http://files.example.test:{self.nginx}", ["--connect-to", f"::127.0.0.1:{self.nginx}"]),
            "http/1.1": (f"https://files.example.test:{self.server.https}",
                         ["--http1.1", "--cacert", ca, "--connect-to", f"::127.0.0.1:{self.server.https}"]),
            "http/2": (f"https://files.example.test:{self.server.https}",
                       ["--http2", "--cacert", ca, "--connect-to", f"::127.0.0.1:{self.server.https}"]),
        }

    def put(self, name, data):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        os.utime(path, (MODIFIED, MODIFIED))

    def start_nginx(self):
        self.nginx = harness.free_port()
        folder = self.path("nginx")
        os.makedirs(folder)
        temporary = " ".join(f"{kind}_temp_path {folder}/{kind};"
                             for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.write("nginx/nginx.conf", f"""
user root; worker_processes 1; daemon off; master_process off; pid {folder}/pid; error_log stderr crit;
events {{ worker_connections 100; }}
http {{ include /etc/nginx/mime.types; default_type application/octet-stream; access_log off; {temporary}
  gzip_static on; gzip_vary on; max_ranges 16; if_modified_since before;
  server {{ listen 127.0.0.1:{self.nginx}; root {self.root}; index index.html; absolute_redirect off; }} }}
""")
        self.start("nginx", [harness.tool("nginx"), "-p", folder, "-c", config]).wait_for_port(self.nginx)

    def ask(self, server, path, *more):
        base, how = self.servers[server]
        self.asked += 1
        head_path, body_path = self.path(f"head-{self.asked}"), self.path(f"body-{self.asked}")
        out = harness.run("curl", "-sS", "--noproxy", "*", "--max-time", "20", "--path-as-is", "-D", head_path, "-o",
                          body_path, *how, *more, base + path)
        self.assertEqual(out.returncode, 0, f"{server} {path} {more}: {out.stderr}")
        with open(head_path, encoding="latin-1", newline="\r\n") as file:
            first, *lines = file.read().split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        fields["x-asked"] = path
        body = b""
        if os.path.exists(body_path) and "--head" not in more:
            with open(body_path, "rb") as file:
                body = file.read()
        return reply(int(first.split()[1]), fields, body)

    def both(self, path, *more, status):
        """Each of Cardea's protocols answers as nginx does, which answers with that status."""
        with self.subTest(path=path, more=more):
            expected = self.ask("nginx", path, *more)
            self.assertEqual(expected.status, status)
            for protocol in ("http/1.1", "http/2"):
                self.assertEqual(self.ask(protocol, path, *more).comparable(), expected.comparable(), protocol)

    def differ(self, path, *more, nginx, ours):
        with self.subTest(path=path, more=more):
            self.assertEqual(self.ask("nginx", path, *more).status, nginx)
            for protocol in ("http/1.1", "http/2"):
                self.assertEqual(self.ask(protocol, path, *more).status, ours, protocol)

    def test_curl_nginx_paths(self):
        for path in ("/", "/index.html", "/sub/", "/sub/a%20b.txt", "/%64igits.txt", "/sub/../digits.txt", "/./digits.txt",
                     "/digits.txt?x=1", "/style.css", "/data.json", "/empty.txt", "/no-extension", "/picture.png",
                     "/caf%C3%A9.txt", "/inside.txt", "//digits.txt"):
            self.both(path, status=200)
            self.both(path, "--head", status=200)
        for path in ("/missing", "/sub/missing", "/digits.txt/", "/digits.txt/x", "/pipe", "/Digits.txt"):
            self.both(path, status=404)
        self.both("/sub", status=301)
        self.both("/sub?a=b&c", status=301)
        for path in ("/x%00y", "/%zz"):
            self.both(path, status=400)
        self.both("/digits.txt", "-X", "DELETE", status=405)
        self.both("/digits.txt", "-d", "x", status=405)

    def test_curl_nginx_ranges(self):
        for ranges in ("0-0", "2-4", "5-", "-3", "-100", "0-9", "0-99", "9-9", "0-1,4-5", "7-8, 0-0", "0-4,5-9", "0-0,-1",
                       "0-0,20-30", "8-,0-1"):
            self.both("/digits.txt", "-H", f"Range: bytes={ranges}", status=206)
        for ranges in ("10-", "10-20", "-0", "20-30,40-50", "x", "5-2", "-", "1-x"):
            self.both("/digits.txt", "-H", f"Range: bytes={ranges}", status=416)
        for ranges in ("bytes=0-5,5-9", "bytes=0-,0-", "lines=0-1", "bytes", "bytes=" + ",".join(["0-0"] * 17)):
            self.both("/digits.txt", "-H", f"Range: {ranges}", status=200)
        self.both("/empty.txt", "-H", "Range: bytes=0-", status=200)
        self.both("/picture.png", "-H", "Range: bytes=1000-900000", status=206)
        self.both("/picture.png", "-H", "Range: bytes=1000-300000,500000-800000", status=206)
        self.both("/huge.bin", "--head", status=200)
        self.both("/huge.bin", "-H", f"Range: bytes={HUGE - 10}-", status=206)
        self.both("/huge.bin", "-H", "Range: bytes=4294967290-4294967300,-5", status=206)
        self.both("/huge.bin", "-H", f"Range: bytes={HUGE}-", status=416)

    def test_curl_nginx_conditions(self):
        for field, status in ((f"If-Modified-Since: {SAME}", 304), (f"If-Modified-Since: {AFTER}", 304),
                              (f"If-Modified-Since: {BEFORE}", 200), ("If-Modified-Since: never", 200),
                              (f"If-Unmodified-Since: {SAME}", 200), (f"If-Unmodified-Since: {BEFORE}", 412),
                              ('If-Match: "x"', 412), ("If-Match: *", 200), ('If-None-Match: "x"', 200),
                              ("If-None-Match: *", 304), ("If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT", 304),
                              ("If-Modified-Since: Sun Nov  6 08:49:37 1994", 304)):
            self.both("/digits.txt", "-H", field, status=status)
        self.both("/digits.txt", "-H", f"If-Modified-Since: {SAME}", "-H", 'If-None-Match: "x"', status=200)
        self.both("/digits.txt", "-H", f"If-Modified-Since: {SAME}", "-H", 'If-Match: "x"', status=412)
        for if_range, status in ((SAME, 206), (BEFORE, 200), (AFTER, 200), ('"x"', 200)):
            self.both("/digits.txt", "-H", "Range: bytes=0-0", "-H", f"If-Range: {if_range}", status=status)

    def test_curl_nginx_each_servers_own_tag(self):
        for server in self.servers:
            tag = self.ask(server, "/digits.txt").fields["etag"]
            self.assertRegex(tag, r'^"[^"]+"$', server)
            for fields, status in (([f"If-None-Match: {tag}"], 304), ([f"If-None-Match: W/{tag}"], 304),
                                   ([f'If-None-Match: "x", {tag}'], 304), ([f"If-Match: {tag}"], 200),
                                   ([f'If-Match: "x", {tag}'], 200), ([f"If-Match: W/{tag}"], 412),
                                   (["Range: bytes=0-0", f"If-Range: {tag}"], 206),
                                   (["Range: bytes=0-0", f"If-Range: W/{tag}"], 200)):
                with self.subTest(server=server, fields=fields):
                    more = [word for field in fields for word in ("-H", field)]
                    self.assertEqual(self.ask(server, "/digits.txt", *more).status, status)

    def test_curl_nginx_precompressed(self):
        for accepted in ("gzip", "gzip, br", "gzip;q=0.5", "br", "gzip;q=0", "identity", "*;q=0"):
            self.both("/style.css", "-H", f"Accept-Encoding: {accepted}", status=200)
        self.both("/style.css", "-H", "Accept-Encoding: gzip", "--head", status=200)
        for server in self.servers:
            self.assertEqual(self.ask(server, "/style.css").fields["vary"], "Accept-Encoding")
        plain = self.ask("http/2", "/style.css")
        packed = self.ask("http/2", "/style.css", "--compressed")
        self.assertEqual(packed.fields["content-encoding"], "gzip")
        self.assertEqual(plain.body, packed.body, "curl unpacks what a browser would")
        self.assertNotEqual(plain.fields["etag"], packed.fields["etag"])

    def test_what_is_meant_to_differ(self):
        # A link out of the folder: nginx follows it unless told (disable_symlinks).
        self.differ("/escape.txt", nginx=200, ours=404)
        # Names that begin with a dot: nginx serves them unless told.
        self.differ("/.hidden", nginx=200, ours=404)
        # A folder without an index says neither that it is there nor that it is forbidden.
        self.differ("/bare/", nginx=403, ours=404)
        # RFC 9110 section 14.2: only GET has ranges.
        self.differ("/digits.txt", "--head", "-H", "Range: bytes=0-0", nginx=206, ours=200)
        # Section 12.5.3: a star is gzip too.
        gzip_wish = ("-H", "Accept-Encoding: *")
        self.assertNotIn("content-encoding", self.ask("nginx", "/style.css", *gzip_wish).fields)
        self.assertEqual(self.ask("http/1.1", "/style.css", *gzip_wish).fields["content-encoding"], "gzip")
        # A compressed file has ranges like any other, of what is sent.
        self.differ("/style.css", *("-H", "Accept-Encoding: gzip", "-H", "Range: bytes=0-9"), nginx=200, ours=206)
        # Section 13.2.2: If-Match goes before If-Unmodified-Since; nginx wants both.
        for server, status in (("nginx", 412), ("http/1.1", 200), ("http/2", 200)):
            tag = self.ask(server, "/digits.txt").fields["etag"]
            got = self.ask(server, "/digits.txt", "-H", f"If-Match: {tag}", "-H", f"If-Unmodified-Since: {BEFORE}")
            self.assertEqual(got.status, status)
        # A path that climbs above the root ends there (T07), as RFC 3986 section 5.2.4 has it.
        for path in ("/../secret.txt", "/%2e%2e/secret.txt"):
            self.differ(path, nginx=400, ours=404)
        self.assertEqual(self.ask("http/1.1", "/../digits.txt").body, b"0123456789")
        # What may lie compressed beside a file tomorrow must not make a cache's answer of today a wrong one.
        for server, varies in (("nginx", None), ("http/1.1", "Accept-Encoding"), ("http/2", "Accept-Encoding")):
            self.assertEqual(self.ask(server, "/digits.txt").fields.get("vary"), varies)
        # Section 15.5.6: 405 says what is allowed.
        for server, allowed in (("nginx", None), ("http/1.1", "GET, HEAD"), ("http/2", "GET, HEAD")):
            self.assertEqual(self.ask(server, "/digits.txt", "-X", "PUT").fields.get("allow"), allowed)
        # A slash in a name that is none: nginx decodes before it splits, which is a way around rules on paths (T07).
        self.differ("/sub%2findex.html", nginx=200, ours=400)

    def test_curl_goes_on_with_a_download_that_was_cut(self):
        with open(os.path.join(self.root, "picture.png"), "rb") as file:
            whole = file.read()
        for protocol in ("http/1.1", "http/2"):
            base, how = self.servers[protocol]
            target = self.path(f"download-{protocol.replace('/', '-')}")
            with open(target, "wb") as file:
                file.write(whole[:300_001])
            out = harness.run("curl", "-sS", "--fail", "--noproxy", "*", *how, "-C", "-", "-o", target, base + "/picture.png")
            self.assertEqual(out.returncode, 0, out.stderr)
            with open(target, "rb") as file:
                self.assertEqual(file.read(), whole)


if __name__ == "__main__":
    harness.main()
