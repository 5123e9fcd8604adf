#include "autocert/acme/chain.hpp"

#include "autocert/acme/error.hpp"
#include "autocert/key.hpp"
#include "autocert/x509_draft.hpp"
#include "base/certificate.hpp"

#include <gmock/gmock.h>

namespace cardea::autocert::acme {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::chrono::seconds day = 24h;
const std::vector<std::string> domains{"a.test", "*.a.test"};

struct signed_key {
  base::key_ptr key;
  base::x509_ptr certificate;
  [[nodiscard]] std::string pem() const { return to_pem(certificate.get()); }
};

struct validity {
  std::chrono::seconds begin = -1 * day;
  std::chrono::seconds end = 90 * day;
};

// Root -> intermediate -> leaf for the key of a signing request.
class chain : public testing::Test {
 protected:
  chain() {
    root_ = issue("root", nullptr, {}, {});
    intermediate_ = issue("intermediate", &root_, {}, {});
    leaf_ = issue("", &intermediate_, domains, {});
    csr_ = make_csr(leaf_.key.get(), domains).value();
  }

  signed_key issue(const std::string& name, const signed_key* by, std::vector<std::string> names,
                   validity when) const {
    x509_draft draft{name, std::move(names), now_ + when.begin, now_ + when.end, !name.empty()};
    signed_key out{make_key(config::key_type::ec256).value(), nullptr};
    out.certificate = sign(draft, out.key.get(), by != nullptr ? by->certificate.get() : nullptr,
                           by != nullptr ? by->key.get() : out.key.get())
                          .value();
    return out;
  }
  // Another certificate for the key of the request.
  std::string reissued(const signed_key& by, std::vector<std::string> names, validity when) const {
    const x509_draft draft{"", std::move(names), now_ + when.begin, now_ + when.end};
    return to_pem(sign(draft, leaf_.key.get(), by.certificate.get(), by.key.get()).value().get());
  }

  base::result<std::string> check(const std::string& pem) const {
    return check_chain(pem, csr_, domains, now_);
  }
  void expect_refused(const std::string& pem, const std::string& why) const {
    const auto got = check(pem);
    ASSERT_FALSE(got) << why;
    EXPECT_EQ(got.error().code, errc::unusable_certificate);
    EXPECT_THAT(got.error().message(), HasSubstr(why));
  }

  base::wall_time now_ = std::chrono::system_clock::from_time_t(1'800'000'000);
  signed_key root_;
  signed_key intermediate_;
  signed_key leaf_;
  std::string csr_;
};

TEST_F(chain, a_good_one_comes_back_as_it_is) {
  for (const std::string& good :
       {leaf_.pem(), leaf_.pem() + intermediate_.pem(), leaf_.pem() + intermediate_.pem() + root_.pem()}) {
    const auto got = check(good);
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ(*got, good);
  }
}

TEST_F(chain, text_around_the_certificates_and_foreign_line_ends_are_dropped) {
  std::string with_cr;
  for (const char c : leaf_.pem()) with_cr += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const auto got =
      check("# subject: a.test\n" + with_cr + "\nissuer\n" + intermediate_.pem() + "\n\nthe end");
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(*got, leaf_.pem() + intermediate_.pem());
}

TEST_F(chain, b52_a_private_key_never_gets_through) {
  const auto got = check(leaf_.pem() + key_to_pem(leaf_.key.get()) + intermediate_.pem());
  EXPECT_TRUE(!got || got->find("PRIVATE") == std::string::npos);
}

TEST_F(chain, b52_the_leaf_comes_first) {
  expect_refused(intermediate_.pem() + leaf_.pem(), "for another key");
}

TEST_F(chain, b52_somebody_elses_leaf_is_refused) {
  expect_refused(issue("", &intermediate_, domains, {}).pem() + intermediate_.pem(), "for another key");
}

TEST_F(chain, b52_each_ordered_name_must_be_there_and_others_may) {
  expect_refused(reissued(intermediate_, {"a.test"}, {}), "lacks the name *.a.test");
  expect_refused(reissued(intermediate_, {"a.test", "www.a.test"}, {}), "lacks the name *.a.test");
  EXPECT_TRUE(check(reissued(intermediate_, {"more.test", "*.A.test", "A.TEST"}, {})));
}

TEST_F(chain, b52_the_common_name_is_no_name) {
  const x509_draft draft{"a.test", {"*.a.test"}, now_ - day, now_ + day};
  expect_refused(to_pem(sign(draft, leaf_.key.get(), nullptr, leaf_.key.get()).value().get()),
                 "lacks the name a.test");
}

TEST_F(chain, b52_each_is_signed_by_the_next) {
  const signed_key stranger = issue("intermediate", &root_, {}, {});  // the same name, another key
  expect_refused(leaf_.pem() + stranger.pem(), "not linked");
  expect_refused(leaf_.pem() + root_.pem(), "not linked");
  expect_refused(leaf_.pem() + root_.pem() + intermediate_.pem(), "not linked");
}

TEST_F(chain, b52_nothing_in_it_has_expired) {
  expect_refused(reissued(intermediate_, domains, {-10 * day, -1s}) + intermediate_.pem(), "expired");
  expect_refused(reissued(intermediate_, domains, {-10 * day, 0s}), "expired");
  EXPECT_TRUE(check(reissued(intermediate_, domains, {-10 * day, 1s})));
  const signed_key old = issue("old", &root_, {}, {-10 * day, -1s});
  expect_refused(reissued(old, domains, {}) + old.pem(), "expired");
}

// Our clock may be behind the CA's.
TEST_F(chain, b13_one_that_begins_in_our_future_is_taken) {
  EXPECT_TRUE(check(reissued(intermediate_, domains, {2h, 90 * day})));
}

TEST_F(chain, b52_at_most_ten_certificates) {
  std::string pem = leaf_.pem() + intermediate_.pem();
  for (int i = 0; i < 8; ++i) pem += root_.pem();  // self-signed, so each is linked to the next
  EXPECT_TRUE(check(pem));
  expect_refused(pem + root_.pem(), "more than 10");
}

TEST_F(chain, what_is_no_chain_is_refused) {
  const std::string good = leaf_.pem() + intermediate_.pem();
  expect_refused("", "no certificate");
  expect_refused("<html>not yet</html>", "no certificate");
  expect_refused(std::string("\0\xff", 2), "no certificate");
  expect_refused(good.substr(0, good.size() - 30), "damaged");
  expect_refused(good.substr(0, good.size() - 200), "damaged");
  std::string bad_base64 = good;
  bad_base64[leaf_.pem().size() + 100] = '*';
  expect_refused(bad_base64, "damaged");
}

TEST_F(chain, whichever_byte_is_damaged_the_result_is_never_another_certificate) {
  const std::string good = leaf_.pem() + intermediate_.pem();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string damaged = good;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    const auto got = check(damaged);
    // Only what links nothing may differ: the intermediate's own signature, and text outside.
    EXPECT_TRUE(!got || got->starts_with(leaf_.pem())) << i;
  }
}

}  // namespace
}  // namespace cardea::autocert::acme
