#include "base/trust_store.hpp"

#include "tests/support/scratch_folder.hpp"
#include "tests/support/test_ca.hpp"

#include <gtest/gtest.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <fstream>

namespace cardea::base {
namespace {

using tests::test_ca;

std::shared_ptr<const trust_store> store_of(const std::vector<std::string>& texts) {
  const auto made = trust_store::create(texts, false);
  EXPECT_TRUE(made) << made.error().message();
  return made ? *made : nullptr;
}

TEST(trust_store, is_the_same_for_the_same_anchors_in_any_order) {
  const test_ca one("one");
  const test_ca two("two");
  const auto both = store_of({one.pem(), two.pem()});
  EXPECT_EQ(both->id(), store_of({two.pem() + one.pem()})->id());
  EXPECT_EQ(both->id(), store_of({two.pem(), one.pem(), two.pem()})->id()) << "one that is there twice";
  EXPECT_EQ(both->size(), 2U);
  EXPECT_NE(both->id(), store_of({one.pem()})->id());
  EXPECT_NE(store_of({one.pem()})->id(), store_of({two.pem()})->id());
  EXPECT_NE(store_of({one.pem()})->id(), store_of({test_ca("one").pem()})->id()) << "the name alone says nothing";
}

TEST(trust_store, same_trust_means_the_same_anchors_or_none) {
  const test_ca ca("one");
  EXPECT_TRUE(same_trust(nullptr, nullptr));
  EXPECT_FALSE(same_trust(store_of({ca.pem()}), nullptr));
  EXPECT_FALSE(same_trust(nullptr, store_of({ca.pem()})));
  EXPECT_TRUE(same_trust(store_of({ca.pem()}), store_of({ca.pem()})));
}

TEST(trust_store, what_is_no_certificate_is_refused) {
  const test_ca ca("one");
  const std::string damaged = ca.pem().substr(0, 200) + "!" + ca.pem().substr(201);
  for (const auto& [text, why] : {std::pair<std::string, std::string>{"", "no certificate in the PEM text"},
                                  {"nothing of it\n", "no certificate in the PEM text"},
                                  {damaged, "a damaged certificate in the PEM text"},
                                  {ca.pem() + damaged, "a damaged certificate in the PEM text"},
                                  {ca.pem().substr(0, ca.pem().size() / 2), "a damaged certificate in the PEM text"}}) {
    const auto made = trust_store::create({&text, 1}, false);
    ASSERT_FALSE(made) << text;
    EXPECT_EQ(made.error(), make_error_code(errc::invalid_argument));
    EXPECT_EQ(made.error().message(), why) << text;
  }
}

TEST(trust_store, names_its_authorities_unless_they_are_many) {
  const test_ca ca("one");
  EXPECT_EQ(sk_X509_NAME_num(store_of({ca.pem()})->names()), 1);
  std::string many;
  for (int i = 0; i < 33; ++i) many += test_ca("ca " + std::to_string(i)).pem();
  EXPECT_EQ(store_of({many})->size(), 33U);
  EXPECT_EQ(store_of({many})->names(), nullptr);
}

TEST(trust_store, takes_the_systems_authorities_as_they_are_now) {
  const test_support::scratch_folder folder;
  const test_ca ca("the system's");
  const test_ca own("own");
  const std::string path = folder / "system.pem";
  std::ofstream(path) << ca.pem();
  setenv("SSL_CERT_FILE", path.c_str(), 1);
  const auto made = trust_store::create({}, true);
  const std::vector<std::string> texts{own.pem()};
  const auto both = trust_store::create(texts, true);
  setenv("SSL_CERT_FILE", (folder / "nothing.pem").c_str(), 1);
  const auto none = trust_store::create({}, true);
  unsetenv("SSL_CERT_FILE");
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ((*made)->id(), store_of({ca.pem()})->id());
  ASSERT_TRUE(both);
  EXPECT_EQ((*both)->id(), store_of({ca.pem(), own.pem()})->id());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error(), make_error_code(errc::io));
}

}  // namespace
}  // namespace cardea::base
