#include "base/certificate.hpp"
#include "base/trust_store.hpp"
#include "tests/support/test_ca.hpp"
#include "tests/unit/config/fixture.hpp"

#include <gtest/gtest.h>

/// Goal: what is asked of TLS with a backend is read as GoDoxy's users wrote it, and never less of it.
namespace cardea::config {
namespace {

struct backend_tls : testing::Test {
  tests::test_ca ca{"backends"};
  tests::pem_pair own = ca.issue("DNS:proxy");
  test::world here;

  load_result load(const std::string& keys, const std::string& scheme = "https") {
    here.files["ca.pem"] = ca.pem();
    here.files["own.pem"] = own.certificate;
    here.files["own.key"] = own.key;
    here.files["other.key"] = ca.issue("DNS:x").key;
    here.files["text.pem"] = "nothing\n";
    here.files["config.yml"] = "routes:\n  a: {scheme: " + scheme + ", host: b.test, " + keys + "}\n";
    return here.load();
  }

  backend_tls_section read(const std::string& keys) {
    const auto result = load(keys);
    EXPECT_TRUE(result.loaded) << format_issues(result.errors);
    EXPECT_EQ(format_issues(result.warnings), "");
    return result.loaded ? result.loaded->routes[0].tls : backend_tls_section{};
  }

  std::string errors(const std::string& keys) { return format_issues(load(keys).errors); }
};

TEST_F(backend_tls, v13_verifies_the_routes_host_by_the_systems_authorities_when_nothing_is_said) {
  const backend_tls_section plain = read("port: 443");
  EXPECT_FALSE(plain.no_verify);
  EXPECT_TRUE(plain.send_name);
  EXPECT_EQ(plain.server_name, "");
  EXPECT_EQ(plain.trusted, nullptr);
  EXPECT_EQ(plain.certificate, nullptr);
  EXPECT_TRUE(plain.tls12 && plain.tls13);
}

TEST_F(backend_tls, http2_is_offered_unless_it_is_switched_off) {
  EXPECT_TRUE(read("port: 443").http2);
  EXPECT_TRUE(read("backend_http2: true").http2);
  EXPECT_FALSE(read("backend_http2: false").http2);
  EXPECT_EQ(format_issues(load("backend_http2: false", "http").warnings),
            "config.yml:2:50: routes.a.backend_http2: has no effect: the backend is not https\n");
}

TEST_F(backend_tls, server_name_is_on_off_or_a_name) {
  for (const char* on : {"on", "''", "ON"}) {
    EXPECT_TRUE(read(std::string("ssl_server_name: ") + on).send_name) << on;
    EXPECT_EQ(read(std::string("ssl_server_name: ") + on).server_name, "") << on;
  }
  EXPECT_FALSE(read("ssl_server_name: off").send_name);
  EXPECT_EQ(read("ssl_server_name: Inner.Test").server_name, "inner.test");
  EXPECT_EQ(errors("ssl_server_name: 'https://x'"),
            "config.yml:2:53: routes.a.ssl_server_name: expected a host name, on or off, found \"https://x\"\n");
}

TEST_F(backend_tls, takes_an_authority_and_a_certificate_of_its_own_from_files_that_are_watched) {
  const auto result =
      load("ssl_trusted_certificate: ca.pem, ssl_certificate: own.pem, ssl_certificate_key: own.key, no_tls_verify: no");
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  const backend_tls_section& tls = result.loaded->routes[0].tls;
  const std::string pem = ca.pem();
  EXPECT_EQ(tls.trusted->id(), (*base::trust_store::create({&pem, 1}, false))->id());
  EXPECT_EQ(tls.certificate->dns_names(), std::vector<std::string>{"proxy"});
  for (const char* file : {"ca.pem", "own.pem", "own.key"})
    EXPECT_EQ(std::count(result.files.begin(), result.files.end(), file), 1) << file;
}

TEST_F(backend_tls, what_does_not_fit_together_is_an_error) {
  EXPECT_EQ(errors("ssl_certificate: own.pem"),
            "config.yml:2:53: routes.a.ssl_certificate: ssl_certificate and ssl_certificate_key belong together\n");
  EXPECT_EQ(errors("ssl_certificate_key: own.key"),
            "config.yml:2:57: routes.a.ssl_certificate_key: ssl_certificate and ssl_certificate_key belong together\n");
  EXPECT_EQ(errors("ssl_certificate: own.pem, ssl_certificate_key: other.key"),
            "config.yml:2:53: routes.a.ssl_certificate: the private key does not belong to the certificate\n");
  EXPECT_EQ(errors("ssl_trusted_certificate: text.pem"),
            "config.yml:2:61: routes.a.ssl_trusted_certificate: no certificate in the PEM text\n");
  EXPECT_EQ(errors("ssl_trusted_certificate: gone.pem"),
            "config.yml:2:61: routes.a.ssl_trusted_certificate: no such file: gone.pem (names are relative to the "
            "working directory)\n");
}

TEST_F(backend_tls, protocols_are_those_of_the_set_and_none_that_is_broken) {
  const backend_tls_section only13 = read("ssl_protocols: [TLSv1.3]");
  EXPECT_FALSE(only13.tls12);
  EXPECT_TRUE(only13.tls13);
  const backend_tls_section only12 = read("ssl_protocols: tlsv1.2");
  EXPECT_TRUE(only12.tls12);
  EXPECT_FALSE(only12.tls13);
  EXPECT_EQ(errors("ssl_protocols: [TLSv1.1, TLSv1.2, SSLv3]"),
            "config.yml:2:52: routes.a.ssl_protocols[0]: TLS 1.0 and 1.1 are broken and not spoken to anybody; remove "
            "it\n"
            "config.yml:2:70: routes.a.ssl_protocols[2]: expected TLSv1.2 or TLSv1.3, found \"SSLv3\"\n");
}

TEST_F(backend_tls, keys_without_effect_are_named_in_a_warning) {
  const auto clear = load("ssl_server_name: x.test, ssl_protocols: [TLSv1.3]", "http");
  ASSERT_TRUE(clear.loaded);
  EXPECT_EQ(format_issues(clear.warnings),
            "config.yml:2:52: routes.a.ssl_server_name: has no effect: the backend is not https\n"
            "config.yml:2:60: routes.a.ssl_protocols: has no effect: the backend is not https\n");
  const auto trusting = load("no_tls_verify: true, ssl_trusted_certificate: ca.pem");
  ASSERT_TRUE(trusting.loaded);
  EXPECT_EQ(format_issues(trusting.warnings),
            "config.yml:2:82: routes.a.ssl_trusted_certificate: has no effect with no_tls_verify\n");
}

}  // namespace
}  // namespace cardea::config
