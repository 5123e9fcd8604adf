// Goal: what is asked for besides names (a profile, a chain, a replaced
// certificate, the time to renew) reaches the CA as its RFCs say.
#include "autocert/acme/acme_issuer.hpp"

#include "autocert/acme/renewal_info.hpp"
#include "base/rfc3339.hpp"
#include "tests/support/acme_fixture.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <boost/json/parse.hpp>

#include <algorithm>

namespace cardea::test_support {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class acme_wishes : public acme_fixture {
 protected:
  // A certificate that this CA issued, as it would be on disk.
  std::shared_ptr<const base::certificate> issued_before() {
    const auto pair = tests::test_ca("earlier CA").issue("DNS:a.test");
    return base::certificate::from_pem(pair.certificate, pair.key).value();
  }
  std::vector<std::string> ordered(const char* member) {
    std::vector<std::string> out;
    for (const auto& each : ca_.requests) {
      if (each.step != ca_step::new_order) continue;
      const auto payload = boost::json::parse(each.payload).as_object();
      const auto* const found = payload.if_contains(member);
      out.emplace_back(found != nullptr ? found->as_string().c_str() : "-");
    }
    return out;
  }
  base::result<std::string> replace(std::shared_ptr<const base::certificate> old) {
    replaces_ = std::move(old);
    return issue({"a.test"});
  }
  base::result<autocert::renewal_advice> advice_about(
      const std::shared_ptr<const base::certificate>& certificate) {
    if (!issuer_) restart();
    base::result<autocert::renewal_advice> out = base::error(base::errc::timed_out);
    base::task_group asking(io_.get_executor(), base::logger("test"));
    asking.spawn(store_advice(issuer_->advise(certificate), out));
    time_.run_for(60s);
    return out;
  }

 private:
  static base::awaitable<void> store_advice(base::awaitable<base::result<autocert::renewal_advice>> asked,
                                            base::result<autocert::renewal_advice>& out) {
    out = co_await std::move(asked);
  }
};

TEST_F(acme_wishes, b48_an_order_names_its_profile_each_time) {
  ca_.profiles = {"classic", "shortlived"};
  settings_.profile = "shortlived";
  expect_issued({"a.test"});
  expect_issued({"a.test"});
  EXPECT_THAT(ordered("profile"), ElementsAre("shortlived", "shortlived"));
}

TEST_F(acme_wishes, b48_a_profile_that_the_ca_does_not_have_is_an_error_before_the_order) {
  settings_.profile = "shortlvied";
  ca_.profiles = {"classic", "shortlived"};
  EXPECT_EQ(refusal({"a.test"}).context, "the CA has no profile 'shortlvied'; it has classic, shortlived");
  ca_.profiles.clear();
  restart();
  EXPECT_EQ(refusal({"a.test"}).context, "the CA has no profile 'shortlvied'; it has none");
  EXPECT_EQ(ca_.count(ca_step::new_order), 0U);
}

TEST_F(acme_wishes, b48_or_the_default_is_ordered_where_that_is_wanted) {
  settings_.profile = "shortlived";
  settings_.profile_fallback = true;
  ca_.profiles = {"classic"};
  expect_issued({"a.test"});
  EXPECT_THAT(ordered("profile"), ElementsAre("-"));
  EXPECT_EQ(issuer_->last_profile(), "") << "the default, and nobody is told otherwise";
  ca_.profiles = {"shortlived"};
  restart();
  expect_issued({"a.test"});
  EXPECT_EQ(issuer_->last_profile(), "shortlived");
}

TEST_F(acme_wishes, b46_an_order_says_what_it_replaces_where_the_ca_has_renewal_information) {
  const auto old = issued_before();
  const std::string id = autocert::acme::certificate_id(old->leaf().get()).value();
  ASSERT_TRUE(replace(old));
  ca_.advice[id] = {200, {}, "{}"};
  restart();
  ASSERT_TRUE(replace(old));
  ASSERT_TRUE(replace(nullptr));
  EXPECT_THAT(ordered("replaces"), ElementsAre("-", id, "-"));
}

TEST_F(acme_wishes, b46_what_somebody_else_replaced_is_ordered_as_a_new_one) {
  const auto old = issued_before();
  const std::string id = autocert::acme::certificate_id(old->leaf().get()).value();
  ca_.replaced.insert(id);
  ASSERT_TRUE(replace(old));
  EXPECT_THAT(ordered("replaces"), ElementsAre(id, "-"));
  EXPECT_THAT(ca_.refusals(), testing::Contains("alreadyReplaced: another order replaces it"));
}

TEST_F(acme_wishes, renewal_information_is_asked_for_by_id_and_without_a_signature) {
  const auto old = issued_before();
  const std::string id = autocert::acme::certificate_id(old->leaf().get()).value();
  ca_.advice[id] = {200,
                    {{"Retry-After", "21600"}},
                    R"({"suggestedWindow":{"start":"2026-01-03T00:00:00Z","end":"2026-01-05T00:00:00Z"}})"};
  const auto got = advice_about(old);
  ASSERT_TRUE(got) << got.error().message();
  ASSERT_TRUE(got->window);
  EXPECT_EQ(base::to_rfc3339(got->window->start), "2026-01-03T00:00:00Z");
  EXPECT_EQ(got->ask_again, 6h);
  EXPECT_EQ(ca_.count(ca_step::renewal_info), 1U);
  EXPECT_EQ(ca_.account_count(), 0U);
}

TEST_F(acme_wishes, b05_a_ca_without_renewal_information_is_not_asked) {
  const auto got = advice_about(issued_before());
  ASSERT_TRUE(got);
  EXPECT_FALSE(got->window);
  EXPECT_EQ(got->ask_again, 24h);
  EXPECT_EQ(ca_.count(ca_step::renewal_info), 0U);
}

TEST_F(acme_wishes, b04_renewal_information_that_makes_no_sense_is_ignored) {
  const auto old = issued_before();
  ca_.advice[autocert::acme::certificate_id(old->leaf().get()).value()] = {200, {}, R"({"suggestedWindow":{}})"};
  const auto got = advice_about(old);
  ASSERT_TRUE(got);
  EXPECT_FALSE(got->window);
  EXPECT_EQ(got->ask_again, 6h);
}

TEST_F(acme_wishes, a_certificate_that_the_ca_does_not_know_is_an_error) {
  ca_.advice["other"] = {200, {}, "{}"};
  const auto got = advice_about(issued_before());
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message(), HasSubstr("renewal information: the CA answered 404"));
}

// The same root, signed by another one: both chains are good.
TEST_F(acme_wishes, b51_the_preferred_chain_is_taken_where_the_ca_offers_it) {
  BIO* const bio = BIO_new_mem_buf(ca_.root_pem().data(), static_cast<int>(ca_.root_pem().size()));
  const base::x509_ptr root(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
  BIO_free(bio);
  const std::string cross = tests::test_ca("old root").certify(X509_get0_pubkey(root.get()), "DNS:scripted");
  ca_.alternates = {tests::test_ca("no root of ours").pem(), cross};
  settings_.preferred_chain = "old root";
  const auto got = issue({"a.test"});
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_TRUE(got->ends_with(cross));
  EXPECT_EQ(ca_.count(ca_step::certificate), 3U);
}

TEST_F(acme_wishes, b51_the_smallest_chain_is_taken_where_it_is_wished_for) {
  ca_.alternates = {ca_.root_pem() + tests::test_ca("longer").pem(), "", ca_.root_pem()};
  settings_.preferred_chain = "smallest";
  const auto got = issue({"a.test"});
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_FALSE(got->ends_with(ca_.root_pem())) << "the leaf alone";
  ca_.alternates = {ca_.root_pem() + tests::test_ca("longer").pem()};
  restart();
  EXPECT_TRUE(issue({"a.test"})->ends_with(ca_.root_pem())) << "the first one";
}

TEST_F(acme_wishes, b51_without_the_preferred_chain_the_first_one_is_taken) {
  settings_.preferred_chain = "nobody";
  const auto got = issue({"a.test"});
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_TRUE(got->ends_with(ca_.root_pem()));
  settings_.preferred_chain = "scripted root";
  ca_.alternates = {tests::test_ca("another").pem()};
  restart();
  const std::size_t before = ca_.count(ca_step::certificate);
  EXPECT_TRUE(issue({"a.test"}));
  EXPECT_EQ(ca_.count(ca_step::certificate), before + 1) << "the first chain is the preferred one";
}

}  // namespace
}  // namespace cardea::test_support
