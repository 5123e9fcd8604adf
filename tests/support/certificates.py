"""Certificates made and read with the openssl program."""
import datetime
import os
import re

from support import harness

_DAY = datetime.timedelta(days=1)

# What `openssl ca` wants to be told; unlike `openssl x509` it takes both dates.
_AUTHORITY = """[ca]
default_ca = here
[here]
new_certs_dir = {folder}
database = {base}.index
default_md = sha256
rand_serial = yes
policy = names
[names]
commonName = supplied
"""


def make_ca(folder, name):
    """PATH of the certificate; the key stands beside it."""
    cert, key = (os.path.join(folder, f"{name}.{end}") for end in ("crt", "key"))
    _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
             f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign",
             "-keyout", key, "-out", cert)
    return cert


EC_KEY = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
RSA_KEY = ("rsa:2048",)


def make_leaf(folder, name, names, ca, days=(-1, 20), usage="serverAuth", key=EC_KEY, more="",
              addresses=("127.0.0.1",)):
    """(certificate, key) for these DNS names and addresses, signed by the CA at that path.

    `days`: valid from and until, counted from now. `usage`: clientAuth for who proves himself to a server.
    `more`: lines of extensions.
    """
    base = os.path.join(folder, name)
    _write(base + ".ext", f"basicConstraints=CA:FALSE\nextendedKeyUsage={usage}\nsubjectAltName="
           + ",".join([f"IP:{each}" for each in addresses] + [f"DNS:{each}" for each in names]) + "\n" + more)
    _write(base + ".index", "")
    _write(base + ".conf", _AUTHORITY.format(folder=folder, base=base))
    _openssl("req", "-newkey", *key, "-nodes", "-subj", f"/CN={names[0]}", "-keyout", base + ".key", "-out", base + ".csr")
    now = datetime.datetime.now(datetime.timezone.utc)
    begin, end = ((now + _DAY * each).strftime("%Y%m%d%H%M%SZ") for each in days)
    _openssl("ca", "-batch", "-notext", "-config", base + ".conf", "-cert", ca, "-keyfile", ca[:-4] + ".key",
             "-startdate", begin, "-enddate", end, "-extfile", base + ".ext", "-in", base + ".csr",
             "-out", base + ".crt")
    return base + ".crt", base + ".key"


class leaf:
    """What a PEM file (or text) begins with."""

    def __init__(self, pem):
        out = _openssl("x509", "-noout", "-serial", "-subject", "-issuer", "-dates", "-ext", "subjectAltName",
                       "-text", "-certopt", "no_header,no_version,no_serial,no_signame,no_validity,no_subject,no_issuer,"
                       "no_sigdump,no_aux,no_extensions", input=pem)
        self.serial = re.search(r"serial=(\w+)", out).group(1)
        self.subject = re.search(r"subject=(.*)", out).group(1).strip()
        self.issuer = re.search(r"issuer=(.*)", out).group(1).strip()
        self.not_before = _date(re.search(r"notBefore=(.*)", out).group(1))
        self.not_after = _date(re.search(r"notAfter=(.*)", out).group(1))
        self.key = "RSA" if "rsaEncryption" in out else "ECDSA"
        self.names = sorted(re.findall(r"DNS:([^\s,]+)", out))
        self.addresses = sorted(re.findall(r"IP Address:([^\s,]+)", out))

    @classmethod
    def on_disk(cls, path):
        with open(path, encoding="ascii") as file:
            return cls(file.read())


def served(port, name=None, *more, host="127.0.0.1"):
    """The leaf of a new handshake as `openssl s_client` (with `more` of its options) sees it, with or without SNI."""
    sni = ["-servername", name] if name else ["-noservername"]
    out = harness.run("openssl", "s_client", "-connect", f"{host}:{port}", *sni, *more)
    pem = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", out.stdout, re.S)
    if not pem:
        raise AssertionError(f"no certificate for {name} on {port}:\n{out.stdout}\n{out.stderr}")
    return leaf(pem.group(0))


def key_fits(cert_path, key_path):
    of_cert = _openssl("x509", "-in", cert_path, "-noout", "-pubkey")
    return of_cert == _openssl("pkey", "-in", key_path, "-pubout")


def _date(text):
    """Unix seconds of `Nov  3 23:29:21 2026 GMT`."""
    when = datetime.datetime.strptime(text.strip(), "%b %d %H:%M:%S %Y GMT")
    return when.replace(tzinfo=datetime.timezone.utc).timestamp()


def _write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _openssl(*arguments, **more):
    out = harness.run("openssl", *arguments, **more)
    if out.returncode != 0:
        raise AssertionError(f"openssl {' '.join(arguments)}: {out.stderr}")
    return out.stdout
