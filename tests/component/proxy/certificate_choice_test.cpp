// Goal: which of several certificates a real client gets, and what handshakes see while they are replaced.
#include "base/crypto.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "tests/support/proxy_under_test.hpp"

#include <openssl/ssl.h>

#include <atomic>
#include <thread>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::get;
using tests::named_certificates;
using tests::ok;
using tests::pem_pair;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::tls_client;
using tests::tls_client_options;

constexpr const char* ecdsa_only = "ECDSA+SHA256";
constexpr const char* rsa_only = "RSA-PSS+SHA256:RSA+SHA256";

enum class got { ecdsa, rsa, nothing };

std::ostream& operator<<(std::ostream& to, got value) {
  return to << (value == got::ecdsa ? "ECDSA" : value == got::rsa ? "RSA" : "nothing");
}

got key_of(const proxy_under_test& proxy, const tls_client_options& options) {
  tls_client client(proxy.port(), options);
  if (!client.connected()) return got::nothing;
  const base::x509_ptr leaf(SSL_get1_peer_certificate(client.stream().session()));
  const EVP_PKEY* const key = X509_get0_pubkey(leaf.get());
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? got::rsa : got::ecdsa;
}

base::certificate_ptr parsed(const pem_pair& pair) {
  return base::certificate::from_pem(pair.certificate, pair.key).value();
}

TEST(certificate_choice, b90_gives_ecdsa_to_clients_that_can_use_it_and_rsa_to_the_others) {
  proxy_under_test proxy({});
  const auto source = std::make_shared<named_certificates>(proxy.ca().issue("DNS:default.test"));
  source->add("both.test", proxy.ca().issue("DNS:both.test"));
  source->add("both.test", proxy.ca().issue_rsa("DNS:both.test"));
  proxy.server().publish_certificates(source);
  const struct {
    tls_client_options client;
    got expected;
  } rows[] = {
      {{.version = TLS1_3_VERSION}, got::ecdsa},
      {{.version = TLS1_3_VERSION, .signature_algorithms = ecdsa_only}, got::ecdsa},
      {{.version = TLS1_3_VERSION, .signature_algorithms = rsa_only}, got::rsa},
      {{.version = TLS1_3_VERSION, .signature_algorithms = "RSA-PSS+SHA512"}, got::rsa},
      // A hash of TLS 1.3 belongs to one curve: our P-256 is none of theirs.
      {{.version = TLS1_3_VERSION, .signature_algorithms = "ECDSA+SHA384:RSA-PSS+SHA256"}, got::rsa},
      {{.version = TLS1_2_VERSION}, got::ecdsa},
      {{.version = TLS1_2_VERSION, .signature_algorithms = rsa_only}, got::rsa},
      {{.version = TLS1_2_VERSION, .signature_algorithms = "ECDSA+SHA384:RSA+SHA256"}, got::ecdsa},
      {{.version = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-AES128-GCM-SHA256"}, got::rsa},
      {{.version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"}, got::ecdsa},
      {{.version = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256"},
       got::ecdsa},
      // A suite that only they have is none.
      {{.version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-CCM:ECDHE-RSA-AES128-GCM-SHA256"},
       got::rsa},
      {{.version = TLS1_2_VERSION,
        .signature_algorithms = rsa_only,
        .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"},
       got::nothing},
      // The curve of the certificate must be one of theirs.
      {{.version = TLS1_2_VERSION, .groups = "X25519:P-384"}, got::rsa},
      {{.version = TLS1_2_VERSION, .groups = "P-384:P-256"}, got::ecdsa},
  };
  for (const auto& row : rows) {
    tls_client_options client = row.client;
    client.server_name = "both.test";
    EXPECT_EQ(key_of(proxy, client), row.expected)
        << (client.version == TLS1_3_VERSION ? "1.3 " : "1.2 ") << client.signature_algorithms << ' '
        << client.ciphers << ' ' << client.groups;
  }
}

TEST(certificate_choice, b90_a_valid_certificate_comes_before_an_expired_one_of_the_better_kind) {
  proxy_under_test proxy({});
  const auto source = std::make_shared<named_certificates>(proxy.ca().issue("DNS:default.test"));
  source->add("a.test", proxy.ca().issue("DNS:a.test", -48h, -24h));
  source->add("a.test", proxy.ca().issue_rsa("DNS:a.test"));
  source->add("b.test", proxy.ca().issue("DNS:b.test", 24h, 48h));
  source->add("b.test", proxy.ca().issue_rsa("DNS:b.test"));
  source->add("c.test", proxy.ca().issue("DNS:c.test", -48h, -24h));
  source->add("c.test", proxy.ca().issue_rsa("DNS:c.test", -48h, -24h));
  proxy.server().publish_certificates(source);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(key_of(proxy, {.server_name = "a.test", .version = version}), got::rsa);
    EXPECT_EQ(key_of(proxy, {.server_name = "b.test", .version = version}), got::rsa) << "not valid yet";
    EXPECT_EQ(key_of(proxy, {.server_name = "c.test", .version = version}), got::ecdsa);
    // What the client cannot use is of no use to it, however valid.
    EXPECT_EQ(
        key_of(proxy, {.server_name = "a.test", .version = version, .signature_algorithms = ecdsa_only}),
        got::ecdsa);
  }
}

TEST(certificate_choice, keeps_so_many_certificates_open_and_serves_all) {
  config::entrypoint_section section;
  section.limits.certificates_open_max = 2;
  proxy_under_test proxy({}, section);
  const auto source = std::make_shared<named_certificates>(proxy.ca().issue("DNS:default.test"));
  for (int i = 0; i < 5; ++i) {
    const std::string name = "n" + std::to_string(i) + ".test";
    source->add(name, proxy.ca().issue("DNS:" + name));
  }
  proxy.server().publish_certificates(source);
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 5; ++i) {
      const std::string name = "n" + std::to_string(i) + ".test";
      EXPECT_EQ(proxy.connect({.server_name = name}).peer_names(), name);
    }
}

std::string pem(const std::string& label, const std::string& der) {
  std::string out = "-----BEGIN " + label + "-----\n";
  const std::string text = base::base64(der);
  for (std::size_t at = 0; at < text.size(); at += 64) out += text.substr(at, 64) + '\n';
  return out + "-----END " + label + "-----\n";
}

// A pair that belongs together, whose public key is no point of its curve: only OpenSSL finds out.
base::certificate_ptr unusable(const pem_pair& pair) {
  const auto good = parsed(pair);
  const std::string point(base::read_certificate_fields(good->leaf_der())->public_key);
  const auto spoilt = [&](std::string der) {
    const std::size_t at = der.find(point);
    EXPECT_NE(at, std::string::npos);
    der[at + point.size() - 1] = static_cast<char>(der[at + point.size() - 1] ^ 1);
    return der;
  };
  const std::size_t begin = pair.key.find('\n') + 1;
  std::string body = pair.key.substr(begin, pair.key.find("-----END") - begin);
  std::erase(body, '\n');
  return base::certificate::from_pem_lazily(pem("CERTIFICATE", spoilt(std::string(good->leaf_der()))),
                                            pem("PRIVATE KEY", spoilt(base::from_base64(body).value())))
      .value();
}

TEST(certificate_choice, b88_a_certificate_that_cannot_be_opened_gives_way_and_is_tried_once) {
  std::atomic<int> complaints = 0;
  const auto subscription = base::subscribe_to_log([&](const base::log_line& line) {
    if (line.text.find("a certificate cannot be served") != std::string::npos) ++complaints;
  });
  proxy_under_test proxy({});
  const auto source = std::make_shared<named_certificates>(proxy.ca().issue("DNS:default.test"));
  source->add("bad.test", unusable(proxy.ca().issue("DNS:bad.test")));
  source->add("both.test", unusable(proxy.ca().issue("DNS:both.test")));
  source->add("both.test", parsed(proxy.ca().issue_rsa("DNS:both.test")));
  proxy.server().publish_certificates(source);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(proxy.connect({.server_name = "bad.test"}).peer_names(), "default.test");
    EXPECT_EQ(proxy.connect({.server_name = "both.test"}).peer_names(), "both.test");
  }
  EXPECT_EQ(complaints, 2);
}

TEST(certificate_choice, b88_a_storm_of_unknown_names_gets_the_default_and_holds_nobody_up) {
  constexpr int clients = 8;
  constexpr int each = 125;
  const raw_origin origin(raw_origin::answering(ok()));
  config::entrypoint_section section;
  section.threads = 2;
  const proxy_under_test proxy(origin, section);
  std::atomic<int> wrong = 0;
  std::atomic<int> running = clients;
  std::vector<std::thread> storm;
  for (int c = 0; c < clients; ++c)
    storm.emplace_back([&, c] {
      for (int i = 0; i < each; ++i) {
        const std::string name = "unknown-" + std::to_string(c * each + i) + ".elsewhere.test";
        tls_client client(proxy.port(), {.server_name = name});
        if (!client.connected() || client.peer_names() != "app.test") ++wrong;
      }
      --running;
    });
  int served = 0;
  while (running > 0) {
    tls_client client(proxy.port());
    if (!client.connected() || client.ask(get()).status != 200)
      ++wrong;
    else
      ++served;
  }
  for (std::thread& one : storm) one.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(served, 0);
}

TEST(certificate_choice, b87_a_hundred_swaps_in_a_storm_of_handshakes_fail_none_and_keep_tickets) {
  constexpr int swaps = 100;
  constexpr int clients = 4;
  const raw_origin origin(raw_origin::answering(ok()));
  config::entrypoint_section section;
  section.threads = 2;
  proxy_under_test proxy(origin, section);
  std::vector<base::certificate_ptr> fresh;
  for (int i = 0; i < swaps; ++i) fresh.push_back(parsed(proxy.ca().issue("DNS:app.test")));

  std::atomic<bool> over = false;
  std::atomic<int> failed = 0;
  std::atomic<int> resumed = 0;
  std::atomic<int> done = 0;
  std::vector<std::thread> storm;
  for (int c = 0; c < clients; ++c)
    storm.emplace_back([&, c] {
      tests::tls_session session;
      const int version = c % 2 == 0 ? TLS1_3_VERSION : TLS1_2_VERSION;
      for (int i = 0; !over; ++i) {
        tls_client client(proxy.port(), {.version = version, .resume = i % 4 == 0 ? nullptr : session.get()});
        if (!client.connected() || client.ask(get()).status != 200)
          ++failed;
        else
          // A copy: the client goes without a close_notify, after which OpenSSL resumes its own one no more.
          session.reset(SSL_SESSION_dup(client.session().get()));
        resumed += client.connected() && client.resumed() ? 1 : 0;
        ++done;
      }
    });
  for (int i = 0; i < swaps; ++i) {
    const int before = done;
    proxy.server().publish_certificates(std::make_shared<named_certificates>(
        std::vector<base::certificate_ptr>{fresh[static_cast<std::size_t>(i)]}));
    EXPECT_TRUE(tests::eventually([&] { return done > before + 1; })) << "handshakes go on";
  }
  over = true;
  for (std::thread& one : storm) one.join();
  EXPECT_EQ(failed, 0);
  EXPECT_GT(resumed, 0) << "a ticket from before a swap is accepted";
  EXPECT_EQ(proxy.server().status().handshakes_failed, 0U);
}

}  // namespace
}  // namespace cardea::proxy
