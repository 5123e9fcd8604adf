#include "proxy/upstream/backend.hpp"

#include "tests/support/test_ca.hpp"

#include <gtest/gtest.h>

#include <set>

namespace cardea::proxy::upstream {
namespace {

backend https_backend() {
  backend out;
  out.host = out.tls_options.name = "a.test";
  out.port = 443;
  out.tls = true;
  return out;
}

TEST(backend, v13_everything_that_must_match_is_part_of_its_key) {
  const tests::test_ca ca("one");
  const tests::test_ca other("one");
  const auto trust = [](const tests::test_ca& of) {
    const std::string pem = of.pem();
    return base::trust_store::create({&pem, 1}, false).value();
  };
  const auto certificate = [&](const char* name) {
    const tests::pem_pair pair = ca.issue(name);
    return base::certificate::from_pem(pair.certificate, pair.key).value();
  };
  using version = tls::backend_options::version;
  std::vector<backend> all(16, https_backend());
  all[1].tls = false;
  all[14].tls_options.offer_http2 = false;
  all[15].tls = false;
  all[15].http2 = true;
  all[2].port = 8443;
  all[3].host = "b.test";
  all[4].addresses = {base::address::from_parts("127.0.0.1", 443).value()};
  all[5].tls_options.verify = false;
  all[6].tls_options.name = "b.test";
  all[7].tls_options.send_name = false;
  all[8].tls_options.min_version = version::tls13;
  all[9].tls_options.max_version = version::tls12;
  all[10].tls_options.trusted = trust(ca);
  all[11].tls_options.trusted = trust(other);
  all[12].tls_options.certificate = certificate("DNS:x");
  all[13].tls_options.certificate = certificate("DNS:x");
  std::set<std::string> keys;
  for (const backend& each : all) EXPECT_TRUE(keys.insert(each.pool_key()).second) << each.pool_key();
}

TEST(backend, v13_what_is_the_same_shares_a_key) {
  const tests::test_ca ca("one");
  const std::string pem = ca.pem();
  backend one = https_backend();
  backend two = https_backend();
  EXPECT_EQ(one.pool_key(), two.pool_key());
  one.tls_options.trusted = base::trust_store::create({&pem, 1}, false).value();
  two.tls_options.trusted = base::trust_store::create({&pem, 1}, false).value();
  EXPECT_EQ(one.pool_key(), two.pool_key()) << "a reload that read the same file";
}

}  // namespace
}  // namespace cardea::proxy::upstream
