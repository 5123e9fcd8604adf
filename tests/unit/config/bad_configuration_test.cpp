#include "config/findings.hpp"
#include "config/sections/challenge_choice.hpp"
#include "tests/unit/config/fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <span>

/// Goal: whoever made a mistake reads where it is and what to write instead.
/// Method: a configuration with one kind of mistake, and the whole output for it.
namespace cardea::config {
namespace {

struct mistake {
  std::string_view text;
  std::string_view printed;
};

void expect_printed(std::span<const mistake> all) {
  for (const mistake& one : all) {
    const auto result = test::load_main(std::string(one.text));
    EXPECT_EQ(format_issues(result.errors), one.printed) << one.text;
    EXPECT_FALSE(result.loaded.has_value()) << one.text;
  }
}

std::string printed(const std::string& text) { return format_issues(test::load_main(text).errors); }

TEST(bad_configuration, that_is_no_yaml_of_ours_is_refused_where_it_breaks) {
  constexpr std::array<mistake, 15> all{{
      {"autocert:\n"
       "\tprovider: local\n",
       "config.yml:2:10: invalid YAML: illegal map value\n"},
      {"foo: [1, 2\n", "config.yml:2:1: invalid YAML: end of sequence flow not found\n"},
      {"---\n"
       "match_domains: [a]\n"
       "---\n"
       "match_domains: [b]\n",
       "config.yml:3:1: expected one YAML document, found several (---)\n"},
      {"api: !foo bar\n", "config.yml:1:6: tags (!name) are not supported\n"},
      {"[a]: b\n", "config.yml:1:1: a key must be text\n"},
      {"? {a: 1}\n"
       ": b\n",
       "config.yml:1:3: a key must be text\n"},
      {"- a\n", "config.yml:1:1: expected a mapping, found a list\n"},
      {"plain\n", "config.yml:1:1: expected a mapping, found \"plain\"\n"},
      {"api: {addr: \"\\q\"}\n", "config.yml:1:16: invalid YAML: unknown escape character\n"},
      {"autocert: &a\n"
       "  options: *a\n",
       "config.yml:2:12: an alias within its own anchor\n"},
      {"autocert:\n"
       "  options: *nowhere\n",
       "config.yml:2:12: invalid YAML: the referenced anchor is not defined\n"},
      {"api: {<<: 5}\n", "config.yml:1:11: expected a mapping or a list of mappings after \"<<\"\n"},
      {"match_domains: [a]\n"
       "match_domains: [b]\n",
       "config.yml:2:1: match_domains: duplicate key, first at line 1, column 1\n"},
      {"autocert:\n"
       "  extra:\n"
       "    - {cert_path: a, key_path: b}\n"
       "    - {cert_path: c, key_path: d, cert_path: e}\n",
       "config.yml:4:35: autocert.extra[1].cert_path: duplicate key, first at line 4, column 8\n"},
      {"entrypoint:\n"
       "  http_addr: \":80\"\n"
       "  httpAddr: \":81\"\n",
       "config.yml:3:3: entrypoint.httpAddr: duplicate key, the same as \"http_addr\" at line 2, column 3\n"},
  }};
  expect_printed(all);
}

TEST(bad_configuration, values_of_the_wrong_kind_are_shown_with_what_was_expected) {
  constexpr std::array<mistake, 21> all{{
      {"entrypoint:\n"
       "  threads: many\n",
       "config.yml:2:12: entrypoint.threads: expected a whole number from 0 to 1024, found \"many\"\n"},
      {"entrypoint:\n"
       "  threads: -1\n",
       "config.yml:2:12: entrypoint.threads: expected a whole number from 0 to 1024, found \"-1\"\n"},
      {"entrypoint:\n"
       "  threads: [1]\n",
       "config.yml:2:3: entrypoint.threads: expected a whole number from 0 to 1024, found a list\n"},
      {"entrypoint:\n"
       "  http_addr: 80\n",
       "config.yml:2:14: entrypoint.http_addr: expected an address to listen on (host:port, :port, or \"\" "
       "for off), found \"80\"; write \":80\"\n"},
      {"entrypoint:\n"
       "  https_addr: \"1.2.3.4\"\n",
       "config.yml:2:15: entrypoint.https_addr: expected an address to listen on (host:port, :port, or \"\" "
       "for off), found \"1.2.3.4\"\n"},
      {"entrypoint:\n"
       "  https_addr: \"fe80::1:443\"\n",
       "config.yml:2:15: entrypoint.https_addr: expected an address to listen on (host:port, :port, or \"\" "
       "for off), found \"fe80::1:443\"\n"},
      {"api: {addr: \"localhost:65536\"}\n",
       "config.yml:1:13: api.addr: expected an address to listen on (host:port, :port, or \"\" for off), "
       "found \"localhost:65536\"\n"},
      {"entrypoint: 5\n", "config.yml:1:13: entrypoint: expected a mapping, found \"5\"\n"},
      {"entrypoint: [a, b]\n", "config.yml:1:1: entrypoint: expected a mapping, found a list\n"},
      {"timeout_shutdown: 5 apples\n",
       "config.yml:1:19: timeout_shutdown: expected a duration from 0s to 1h, found \"5 apples\"\n"},
      {"timeout_shutdown: -1\n",
       "config.yml:1:19: timeout_shutdown: expected a whole number from 0 to 3600, found \"-1\"\n"},
      {"timeout_shutdown: 2w\n",
       "config.yml:1:19: timeout_shutdown: expected a duration from 0s to 1h, found \"2w\"\n"},
      {"entrypoint: {limits: {request_head_bytes_max: 1TB}}\n",
       "config.yml:1:47: entrypoint.limits.request_head_bytes_max: expected a size from 1024 to 65536 "
       "bytes, found \"1TB\"\n"},
      {"entrypoint: {limits: {http2_streams_max: 0}}\n",
       "config.yml:1:42: entrypoint.limits.http2_streams_max: expected a whole number from 1 to 10000, found \"0\"\n"},
      {"entrypoint: {limits: {http2_stream_window_bytes: 65KiB}}\n",
       "config.yml:1:50: entrypoint.limits.http2_stream_window_bytes: expected a size from 1024 to 65536 "
       "bytes, found \"65KiB\"\n"},
      {"entrypoint: {limits: {handshake_timeout: 5}}\n",
       "config.yml:1:42: entrypoint.limits.handshake_timeout: expected a duration from 10ms to 24h, found "
       "\"5\"; a unit is needed, as in 5s\n"},
      {"entrypoint: {limits: {connect_timeout: 5m3}}\n",
       "config.yml:1:40: entrypoint.limits.connect_timeout: expected a duration from 10ms to 24h, found "
       "\"5m3\"\n"},
      {"match_domains: [\"*.example.com\", \"a b\", .ok.test, null]\n",
       "config.yml:1:17: match_domains[0]: expected a domain, found \"*.example.com\"; write "
       "\"example.com\": every name below it is meant\n"
       "config.yml:1:34: match_domains[1]: expected a domain, found \"a b\"\n"
       "config.yml:1:51: match_domains[3]: expected a domain, found nothing\n"},
      {"match_domains: {a: b}\n", "config.yml:1:1: match_domains: expected a list, found a mapping\n"},
      {"api: {addr: \":80\"}\n",
       "config.yml: api.addr: :80 is the address of entrypoint.http_addr already\n"},
      {"entrypoint: {http_addr: \":443\"}\n",
       "config.yml: entrypoint.https_addr: :443 is the address of entrypoint.http_addr already\n"},
  }};
  expect_printed(all);
}

TEST(bad_configuration, unknown_keys_come_with_the_nearest_known_one) {
  constexpr std::array<mistake, 6> all{{
      {"entrypoint:\n"
       "  thread: 2\n",
       "config.yml:2:3: entrypoint.thread: unknown key; did you mean \"threads\"?\n"},
      {"entrypiont: {}\n", "config.yml:1:1: entrypiont: unknown key; did you mean \"entrypoint\"?\n"},
      {"quux: {}\n", "config.yml:1:1: quux: unknown key\n"},
      {"autocert: {cert-path: x}\n",
       "config.yml:1:12: autocert.cert-path: main: unknown key; did you mean \"cert_path\"?\n"},
      {"providers: {includes: [a.yml]}\n",
       "config.yml:1:13: providers.includes: unknown key; did you mean \"include\"?\n"},
      {"providers:\n"
       "  include: [a.yml, ./a.yml, \"\"]\n",
       "config.yml:2:13: providers.include[0]: no such file: a.yml (names are relative to the folder of this "
       "file)\n"
       "config.yml:2:20: providers.include[1]: duplicate file, first at line 2, column 13\n"
       "config.yml:2:29: providers.include[2]: expected the name of a route file, found \"\"\n"},
  }};
  expect_printed(all);
}

TEST(bad_configuration, what_godoxy_knows_and_we_do_not_is_refused_never_ignored) {
  constexpr auto all = std::to_array<mistake>({
      {"acl: {default: deny}\n",
       "config.yml:1:1: acl: known from GoDoxy but not supported by this version of Cardea; remove it\n"},
      {"entrypoint:\n"
       "  middlewares:\n"
       "    - use: forward_auth\n",
       "config.yml:3:12: entrypoint.middlewares[0].use: known from GoDoxy but not supported by this version of "
       "Cardea; remove it\n"},
      {"entrypoint: {rules: {not_found: [{do: error 403}]}}\n",
       "config.yml:1:14: entrypoint.rules: known from GoDoxy but not supported by this version of Cardea; "
       "remove it\n"},
      {"providers: {docker: {local: $DOCKER_HOST}}\n",
       "config.yml:1:13: providers.docker: known from GoDoxy but not supported by this version of Cardea; "
       "remove it\n"},
      {"providers: {agents: [\"a:1\"], proxmox: [{url: x}], maxmind: {account_id: 1}}\n",
       "config.yml:1:13: providers.agents: known from GoDoxy but not supported by this version of Cardea; "
       "remove it\n"
       "config.yml:1:30: providers.proxmox: known from GoDoxy but not supported by this version of Cardea; "
       "remove it\n"
       "config.yml:1:51: providers.maxmind: known from GoDoxy but not supported by this version of Cardea; "
       "remove it\n"},
      {"defaults: {rules: 1}\n", "config.yml:1:12: defaults.rules: unknown key\n"},
      {"routes: {a: {port: 81, middlewares: {oidc: {}}}}\n",
       "config.yml:1:38: routes.a.middlewares.oidc: known from GoDoxy but not supported by this version of "
       "Cardea; remove it\n"},
      {"routes: {a: {port: 81, rules: [{do: pass}], rule_file: x}}\n",
       "config.yml:1:24: routes.a.rules: known from GoDoxy but not supported by this version of Cardea; "
       "remove it\n"
       "config.yml:1:56: routes.a.rule_file: known from GoDoxy but not supported by this version of Cardea; "
       "remove it\n"},
      {"routes: {a: {port: 81, idlewatcher: {idle_timeout: 1h}}}\n",
       "config.yml:1:24: routes.a.idlewatcher: known from GoDoxy but not supported by this version of "
       "Cardea; remove it\n"},
      {"routes: {a: {port: 81, scheme: h2c, healthcheck: {path: /up}}}\n",
       "config.yml:1:37: routes.a.healthcheck: backends of scheme h2c are checked by connecting to them; write only "
       "type: tcp, interval, timeout and retries\n"},
      {"routes: {a: {scheme: http, port: \"90:91\"}}\n",
       "config.yml:1:34: routes.a.port: a listening port of its own is known from GoDoxy but not supported "
       "by this version of Cardea for this scheme; write the target port alone\n"},
  });
  expect_printed(all);
}

TEST(bad_configuration, routes_say_what_cannot_be_reached) {
  constexpr std::array<mistake, 19> all{{
      {"routes: {a: {prot: 81, port: 82}}\n",
       "config.yml:1:14: routes.a.prot: unknown key; did you mean \"port\"?\n"},
      {"routes: {a: {port: 99999}}\n",
       "config.yml:1:20: routes.a.port: expected a port from 1 to 65535, found \"99999\"\n"},
      {"routes: {a: {port: \"x:80\"}}\n",
       "config.yml:1:20: routes.a.port: expected listen:target, two ports from 1 to 65535, found \"x:80\"\n"},
      {"routes: {a: {port: \"1:2:3\"}}\n",
       "config.yml:1:20: routes.a.port: expected listen:target, two ports from 1 to 65535, found \"1:2:3\"\n"},
      {"routes: {a: {host: \"http://x\"}}\n",
       "config.yml:1:20: routes.a.host: expected a host name or an IP address, found \"http://x\"; write "
       "scheme, host and port apart\n"},
      {"routes: {a: {host: \"x:81\"}}\n",
       "config.yml:1:20: routes.a.host: expected a host name or an IP address, found \"x:81\"; write the "
       "port as \"port\"\n"},
      {"routes: {a: {host: \"x y\"}}\n",
       "config.yml:1:20: routes.a.host: expected a host name or an IP address, found \"x y\"\n"},
      {"routes: {a: {port: 81, scheme: htps}}\n",
       "config.yml:1:32: routes.a.scheme: expected http, https, h2c, fileserver, tcp or udp, found \"htps\"; did you mean "
       "\"https\"?\n"},
      {"routes: {c: {scheme: fileserver}}\n",
       "config.yml:1:10: routes.c.root: missing field root: a fileserver needs an absolute folder\n"},
      {"routes: {c: {scheme: fileserver, root: www}}\n",
       "config.yml:1:40: routes.c.root: expected an absolute folder, found \"www\"\n"},
      {"routes: {a: {port: 81, response_header_timeout: 60}}\n",
       "config.yml:1:49: routes.a.response_header_timeout: expected a duration from 1ms to 24h, found "
       "\"60\"; a unit is needed, as in 60s\n"},
      {"routes: {a: {port: 81, no_tls_verify: maybe}}\n",
       "config.yml:1:39: routes.a.no_tls_verify: expected true or false, found \"maybe\"\n"},
      {"routes: {a: {port: 81}, A: {port: 82}}\n",
       "config.yml:1:25: routes.A: duplicate route, first at line 1, column 10\n"},
      {"routes: {\"a b\": {port: 81}}\n",
       "config.yml:1:10: routes.\"a b\": expected an alias (a label, a host name or *.suffix)\n"},
      {"routes: {\"a.*.b\": {port: 81}}\n",
       "config.yml:1:10: routes.\"a.*.b\": expected an alias (a label, a host name or *.suffix)\n"},
      {"routes: {a: 5}\n", "config.yml:1:10: routes.a: expected a mapping, found \"5\"\n"},
      {"routes: {a: {port: 8888}}\n", "config.yml:1:10: routes.a: localhost:8888 is Cardea's own address\n"},
      {"routes: {a: {host: 127.0.0.1}}\n",
       "config.yml:1:10: routes.a: 127.0.0.1:80 is Cardea's own address\n"},
      {"routes: {a: {port: 81, healthcheck: {intervall: 5s}}}\n",
       "config.yml:1:38: routes.a.healthcheck.intervall: unknown key; did you mean \"interval\"?\n"},
  }};
  expect_printed(all);
}

TEST(bad_configuration, b11_a_time_for_unused_files_is_a_duration_and_of_main) {
  constexpr std::array<mistake, 3> all{{
      {"autocert: {keep_unused: 59m}\n",
       "config.yml:1:25: autocert.keep_unused: expected a duration from 1h to 87600h, found \"59m\"\n"},
      {"autocert: {keep_unused: 30}\n",
       "config.yml:1:25: autocert.keep_unused: expected a duration from 1h to 87600h, found \"30\"; a unit "
       "is needed, as in 30s\n"},
      {"autocert: {extra: [{cert_path: a, key_path: b, keep_unused: 1h}]}\n",
       "config.yml:1:48: autocert.extra[0].keep_unused: extra[0]: unknown key\n"},
  }};
  expect_printed(all);
}

TEST(bad_configuration, key_types_and_folders_of_certificates_are_checked) {
  constexpr std::array<mistake, 6> all{{
      {"autocert: {certificate_key_type: [EC256, EC384]}\n",
       "config.yml:1:12: autocert.certificate_key_type: main: expected one key type, or one of ECDSA and one of RSA, "
       "found a list\n"},
      {"autocert: {certificate_key_type: [EC256, RSA2048, RSA4096]}\n",
       "config.yml:1:12: autocert.certificate_key_type: main: expected one key type, or one of ECDSA and one of RSA, "
       "found a list\n"},
      {"autocert: {certificate_key_type: [EC256, RSA1024]}\n",
       "config.yml:1:42: autocert.certificate_key_type[1]: main: expected EC256, EC384, RSA2048, RSA3072, RSA4096 or "
       "RSA8192, found \"RSA1024\"\n"},
      {"autocert: {certificate_key_type: [EC256, RSA2048], extra: [{cert_path: certs/cert.rsa.crt, key_path: b}]}\n",
       "config.yml:1:72: autocert.extra[0].cert_path: extra[0]: duplicated path \"certs/cert.rsa.crt\", first seen as "
       "cert_path of main (its default)\n"},
      {"autocert: {folders: [a, ./a/, '', {b: c}]}\n",
       "config.yml:1:25: autocert.folders[1]: duplicated folder \"./a/\"\n"
       "config.yml:1:31: autocert.folders[2]: expected the path of a folder, found \"\"\n"
       "config.yml:1:35: autocert.folders[3]: expected a string, found a mapping\n"},
      {"autocert: {extra: [{cert_path: a, key_path: b, folders: [x]}]}\n",
       "config.yml:1:48: autocert.extra[0].folders: extra[0]: unknown key\n"},
  }};
  expect_printed(all);
}

TEST(bad_configuration, certificates_are_checked_before_a_ca_is_asked) {
  constexpr std::array<mistake, 21> all{{
      {"autocert: {provider: cloudfare, email: a@b.c, domains: [example.com]}\n",
       "config.yml:1:22: autocert.provider: main: unknown provider \"cloudfare\"; did you mean "
       "\"cloudflare\"?\n"},
      {"autocert: {provider: locall}\n",
       "config.yml:1:22: autocert.provider: main: unknown provider \"locall\"; did you mean \"local\"?\n"},
      {"autocert: {provider: route53}\n",
       "config.yml:1:22: autocert.provider: main: unknown provider \"route53\"\n"},
      {"autocert: {provider: cloudflare}\n",
       "config.yml:1:1: autocert.domains: main: missing field domains: provider cloudflare needs it\n"
       "config.yml:1:1: autocert.email: main: missing field email: provider cloudflare needs it\n"},
      {"autocert: {provider: internal}\n",
       "config.yml:1:1: autocert.domains: main: missing field domains: provider internal needs it\n"},
      {"autocert: {provider: cloudflare, email: nobody, domains: [example.com]}\n",
       "config.yml:1:41: autocert.email: main: expected an e-mail address, found \"nobody\"\n"},
      {"autocert:\n"
       "  provider: cloudflare\n"
       "  email: a@b.c\n"
       "  domains: [example.com, \"a b.com\", \"*.com\", localhost, \"a.*.com\", null]\n",
       "config.yml:4:26: autocert.domains[1]: main: invalid domain \"a b.com\"\n"
       "config.yml:4:37: autocert.domains[2]: main: invalid domain \"*.com\"\n"
       "config.yml:4:46: autocert.domains[3]: main: invalid domain \"localhost\": a public CA needs a name "
       "with a dot\n"
       "config.yml:4:57: autocert.domains[4]: main: invalid domain \"a.*.com\"\n"
       "config.yml:4:68: autocert.domains[5]: main: expected a domain, found nothing\n"},
      {"autocert: {provider: custom, email: a@b.c, domains: [example.com]}\n",
       "config.yml:1:1: autocert.ca_dir_url: main: missing field ca_dir_url: provider custom needs it\n"},
      {"autocert: {provider: custom, email: a@b.c, domains: [example.com], ca_dir_url: "
       "\"ftp://ca.example/dir\"}\n",
       "config.yml:1:80: autocert.ca_dir_url: main: expected an https:// address, found "
       "\"ftp://ca.example/dir\"\n"},
      {"autocert: {provider: custom, email: a@b.c, domains: [example.com], ca_dir_url: "
       "\"http://ca.example/dir\"}\n",
       "config.yml:1:80: autocert.ca_dir_url: main: expected an https:// address (http:// only on this "
       "host), found \"http://ca.example/dir\"\n"},
      {"autocert: {eab_kid: x}\n",
       "config.yml:1:1: autocert.eab_hmac: main: missing field eab_hmac: eab_kid and eab_hmac go together\n"},
      {"autocert: {eab_hmac: Zm9v}\n",
       "config.yml:1:1: autocert.eab_kid: main: missing field eab_kid: eab_kid and eab_hmac go together\n"},
      {"autocert: {certificate_key_type: EC521}\n",
       "config.yml:1:34: autocert.certificate_key_type: main: expected EC256, EC384, RSA2048, RSA3072, "
       "RSA4096 or RSA8192, found \"EC521\"\n"},
      {"autocert: {resolvers: [\"1.1.1.1:53\", \"::1\", \"a b\", \"1.1.1.1:0\"]}\n",
       "config.yml:1:45: autocert.resolvers[2]: main: expected a name server (host, host:port or "
       "[ipv6]:port), found \"a b\"\n"
       "config.yml:1:52: autocert.resolvers[3]: main: expected a name server (host, host:port or "
       "[ipv6]:port), found \"1.1.1.1:0\"\n"},
      {"autocert: {extra: [{domains: [a.example.com]}]}\n",
       "config.yml:1:20: autocert.extra[0].cert_path: extra[0]: missing field cert_path: every extra needs "
       "its own\n"
       "config.yml:1:20: autocert.extra[0].key_path: extra[0]: missing field key_path: every extra needs its "
       "own\n"},
      {"autocert: {extra: [{cert_path: certs/cert.crt, key_path: b.key}]}\n",
       "config.yml:1:32: autocert.extra[0].cert_path: extra[0]: duplicated path \"certs/cert.crt\", first "
       "seen as cert_path of main (its default)\n"},
      {"autocert:\n"
       "  extra:\n"
       "    - {cert_path: a.crt, key_path: certs/a.key}\n"
       "    - {cert_path: b.crt, key_path: ./certs/../certs/a.key}\n",
       "config.yml:4:36: autocert.extra[1].key_path: extra[1]: duplicated path \"./certs/../certs/a.key\", "
       "first seen as key_path of extra[0] (line 3, column 36)\n"},
      {"autocert: {cert_path: same.pem, key_path: same.pem}\n",
       "config.yml:1:43: autocert.key_path: main: duplicated path \"same.pem\", first seen as cert_path of "
       "main (line 1, column 23)\n"},
      {"autocert: {provider: internal, domains: [a.test], cert_path: a, key_path: b, extra: [{cert_path: c, "
       "key_path: d, provider: duckdns, email: x@y.z, acme_key_path: b}]}\n",
       "config.yml:1:162: autocert.extra[0].acme_key_path: extra[0]: duplicated path \"b\", first seen as "
       "key_path of main (line 1, column 75)\n"},
      {"autocert: {extra: [{cert_path: a, key_path: b, extra: []}, nothing, null]}\n",
       "config.yml:1:48: autocert.extra[0].extra: extra[0]: an extra certificate has no extra ones of its "
       "own\n"
       "config.yml:1:60: autocert.extra[1]: extra[1]: expected a mapping, found \"nothing\"\n"
       "config.yml:1:69: autocert.extra[2]: extra[2]: expected a mapping, found nothing\n"},
      {"autocert: {options: [1, 2]}\n",
       "config.yml:1:12: autocert.options: main: expected a mapping, found a list\n"},
  }};
  expect_printed(all);
}

TEST(bad_configuration, wishes_to_a_ca_are_checked_as_far_as_they_can_be) {
  constexpr std::array<mistake, 3> all{{
      {"autocert: {provider: custom, email: a@b.c, domains: [example.com], ca_dir_url: zerosl}\n",
       "config.yml:1:80: autocert.ca_dir_url: main: expected an https:// address or one of buypass, "
       "buypass-staging, buypass-test, google, google-staging, google-test, letsencrypt, "
       "letsencrypt-staging, "
       "sslcom, sslcom-ecc, sslcom-rsa, zerossl, "
       "found \"zerosl\"; did you mean \"zerossl\"?\n"},
      {"autocert: {profile: \"short lived\"}\n",
       "config.yml:1:21: autocert.profile: main: expected the name of a profile (letters, digits, - and _), "
       "found \"short lived\"\n"},
      {"autocert: {reuse_key: maybe}\n",
       "config.yml:1:23: autocert.reuse_key: main: expected true or false, found ***\n"},
  }};
  expect_printed(all);
}

TEST(bad_configuration, challenges_that_cannot_work_are_refused_before_a_ca_is_asked) {
  constexpr const char* head = "autocert:\n  provider: cloudflare\n  email: a@b.c\n  options: {auth_token: x}\n";
  const struct {
    std::string text;
    const char* printed;
  } all[] = {
      {"  domains: [a.com]\n  challenge: [dns-01, htp-01, dns-01]\n",
       "config.yml:6:23: autocert.challenge[1]: main: expected dns-01, http-01, tls-alpn-01, dns-account-01, "
       "dns-persist-01, found \"htp-01\"; did you mean \"http-01\"?\n"
       "config.yml:6:31: autocert.challenge[2]: main: dns-01 is there already\n"},
      {"  domains: [a.com, \"*.a.com\"]\n  challenge: [http-01, tls-alpn-01]\n",
       "config.yml:5:20: autocert.domains[1]: main: invalid domain \"*.a.com\": a wildcard is proven by dns-01, "
       "dns-account-01 or dns-persist-01; challenge is http-01, tls-alpn-01\n"},
      {"  domains: [192.0.2.1]\n  challenge: dns-persist-01\n",
       "config.yml:5:13: autocert.domains[0]: main: invalid domain \"192.0.2.1\": an IP address is proven by "
       "http-01 or tls-alpn-01; challenge is dns-persist-01\n"},
      {"  domains: [a.com]\n  propagation: {timeout: 1ms, delay: never, wait: 1s}\n",
       "config.yml:6:26: autocert.propagation.timeout: main: expected a duration from 1s to 24h, found \"1ms\"\n"
       "config.yml:6:38: autocert.propagation.delay: main: expected a duration from 0s to 24h, found \"never\"\n"
       "config.yml:6:45: autocert.propagation.wait: main: unknown key\n"},
      {"  domains: [a.com]\n  propagation: sometimes\n",
       "config.yml:6:16: autocert.propagation: main: expected true or false, found \"sometimes\"\n"},
  };
  for (const auto& each : all) EXPECT_EQ(printed(head + each.text), each.printed) << each.text;
  EXPECT_EQ(printed("autocert: {provider: custom, email: a@b.c, ca_dir_url: \"https://c.test/\", domains: [a.com], "
                    "challenge: dns-account-01}\n"),
            "config.yml:1:104: autocert.challenge: main: dns-account-01 writes DNS records: name a DNS provider "
            "instead of custom\n");
}

TEST(bad_configuration, b73_wildcards_are_proven_by_dns_types_only) {
  certificate_request request;
  request.provider = "cloudflare";
  for (const challenge_type type : {challenge_type::dns01, challenge_type::dns_account01,
                                    challenge_type::dns_persist01, challenge_type::http01,
                                    challenge_type::tls_alpn01}) {
    request.challenges = {type};
    const bool is_by_dns = type != challenge_type::http01 && type != challenge_type::tls_alpn01;
    EXPECT_EQ(why_unprovable(request, "*.a.test").empty(), is_by_dns) << to_text(type);
    EXPECT_EQ(why_unprovable(request, "192.0.2.1").empty(), !is_by_dns) << to_text(type);
    EXPECT_EQ(why_unprovable(request, "a.test"), "") << to_text(type);
  }
  request.challenges = {challenge_type::http01, challenge_type::dns01};
  EXPECT_EQ(why_unprovable(request, "*.a.test"), "") << "one that can is enough";
}

TEST(bad_configuration, b43_a_certificate_takes_no_more_names_than_cas_do) {
  const auto with = [](int count, const std::string& more) {
    std::string domains;
    for (int i = 0; i < count; ++i) domains += (i == 0 ? "n" : ", n") + std::to_string(i) + ".example.com";
    return printed("autocert:\n  provider: cloudflare\n  email: a@b.c\n  options: {auth_token: x}\n" + more +
                   "  domains: [" + domains + "]\n");
  };
  EXPECT_EQ(with(100, ""), "");
  EXPECT_THAT(with(101, ""), testing::HasSubstr("autocert.domains[100]: main: more than 100 domains"));
  EXPECT_EQ(with(25, "  profile: shortlived\n"), "");
  EXPECT_THAT(with(26, "  profile: shortlived\n"), testing::HasSubstr("domains[25]: main: more than 25 domains"));
  EXPECT_EQ(with(26, "  profile: shortlived\n  ca_dir_url: https://ca.example/dir\n"), "");
}

TEST(bad_configuration, names_a_missing_main_file_and_the_remedy) {
  const auto result = test::world().load("config/config.yml");
  EXPECT_EQ(format_issues(result.errors),
            "config/config.yml: no such file; create it or name another one with --config\n");
  EXPECT_FALSE(result.loaded.has_value());
}

TEST(bad_configuration, lists_errors_of_all_files_in_the_order_of_their_lines) {
  test::world here;
  here.files["etc/config.yml"] = "timeout_shutdown: soon\nproviders:\n  include: [b.yml, a.yml]\nfoo: 1\n";
  here.files["etc/b.yml"] = "app:\n  port: x\nweb:\n  prot: 80\n";
  here.files["etc/a.yml"] = "app:\n  port: 80\n ]";
  here.files["etc/autocert.yml"] = "provider: duckdns\nemail: a@b.c\n";
  EXPECT_EQ(format_issues(here.load("etc/config.yml").errors),
            "etc/config.yml:1:19: timeout_shutdown: expected a duration from 0s to 1h, found \"soon\"\n"
            "etc/config.yml:4:1: foo: unknown key\n"
            "etc/autocert.yml:1:1: autocert.domains: main: missing field domains: provider duckdns needs it\n"
            "etc/b.yml:2:9: app.port: expected a port from 1 to 65535, found \"x\"\n"
            "etc/b.yml:4:3: web.prot: unknown key; did you mean \"port\"?\n"
            "etc/a.yml:3:2: invalid YAML: illegal flow end\n");
}

TEST(bad_configuration, names_both_places_of_an_alias_in_two_files) {
  test::world here;
  here.files["config.yml"] = "entrypoint: {http_addr: off}\nproviders:\n  include: [a.yml, b.yml]\n";
  here.files["a.yml"] = "web: {port: 3000}\nApp: {port: 3000}\n";
  here.files["b.yml"] = "app: {port: 3001}\n";
  EXPECT_EQ(format_issues(here.load().errors), "b.yml:1:1: app: duplicate route, first at a.yml:2:1\n");
}

TEST(bad_configuration, lists_no_more_than_the_maximum_of_errors) {
  std::string text = "entrypoint:\n";
  for (int i = 0; i < 700; ++i) text += "  unheard_of_" + std::to_string(i) + ": 1\n";
  const auto result = test::load_main(text);
  ASSERT_EQ(result.errors.size(), findings::errors_max + 1);
  EXPECT_EQ(format_issue(result.errors.back()), "200 more errors are not listed");
}

}  // namespace
}  // namespace cardea::config
