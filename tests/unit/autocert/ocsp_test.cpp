// Goal: whose word on a certificate counts, and until when.
#include "autocert/ocsp.hpp"

#include "tests/support/ocsp_ca.hpp"

#include <gmock/gmock.h>

namespace cardea::autocert::ocsp {
namespace {

using namespace std::chrono_literals;
using test_support::ocsp_ca;
using testing::HasSubstr;

const base::wall_time now = std::chrono::system_clock::from_time_t(1'800'000'000);

class ocsp_answer : public testing::Test {
 protected:
  [[nodiscard]] ocsp_ca::answer plain() const { return {now - 1h, now + 24h}; }
  [[nodiscard]] std::string refusal(const ocsp_ca::answer& what) const { return refusal_of(ca_.say(*leaf_, what)); }
  [[nodiscard]] std::string refusal_of(const std::string& der) const {
    const auto checked = check_response(der, *leaf_, now);
    return checked ? "accepted" : checked.error().message();
  }

  ocsp_ca ca_{now};
  base::certificate_ptr leaf_ = ca_.leaf("a.test", 24h * 90);
};

TEST_F(ocsp_answer, of_the_ca_itself_is_taken_with_its_times) {
  const auto checked = check_response(ca_.say(*leaf_, plain()), *leaf_, now);
  ASSERT_TRUE(checked) << checked.error().message();
  EXPECT_EQ(checked->says, verdict::good);
  EXPECT_EQ(checked->this_update, now - 1h);
  EXPECT_EQ(checked->next_update, now + 24h);
  auto revoked = plain();
  revoked.status = V_OCSP_CERTSTATUS_REVOKED;
  EXPECT_EQ(check_response(ca_.say(*leaf_, revoked), *leaf_, now)->says, verdict::revoked);
}

// RFC 6960 section 4.2.2.2: a certificate of the CA's, for signing OCSP.
TEST_F(ocsp_answer, of_a_signer_whom_the_ca_delegated_is_taken) {
  const auto signer = ca_.delegate("OCSPSigning");
  auto what = plain();
  what.by = &signer;
  EXPECT_EQ(refusal(what), "accepted");
}

TEST_F(ocsp_answer, of_a_certificate_that_is_not_for_that_is_refused) {
  for (const char* usage : {"", "serverAuth", "clientAuth,emailProtection", "anyExtendedKeyUsage"}) {
    const auto signer = ca_.delegate(usage);
    auto what = plain();
    what.by = &signer;
    EXPECT_THAT(refusal(what), HasSubstr("signature is not the issuer's")) << usage;
  }
}

TEST_F(ocsp_answer, of_a_delegated_signer_whose_time_is_over_or_who_is_not_shown_is_refused) {
  const auto ended = ca_.delegate("OCSPSigning", -30min);
  auto what = plain();
  what.by = &ended;
  EXPECT_THAT(refusal(what), HasSubstr("signature is not the issuer's"));
  const auto hidden = ca_.delegate("OCSPSigning");
  what.by = &hidden;
  what.names_signer = false;
  EXPECT_THAT(refusal(what), HasSubstr("signature is not the issuer's"));
}

TEST_F(ocsp_answer, of_another_ca_or_its_signer_is_refused) {
  // Of the same name, so that only the signature tells them apart.
  const ocsp_ca other(now);
  EXPECT_THAT(refusal_of(other.say(*leaf_, plain())), HasSubstr("signature is not the issuer's"));
  const auto signer = other.delegate("OCSPSigning");
  auto what = plain();
  what.by = &signer;
  EXPECT_THAT(refusal(what), HasSubstr("signature is not the issuer's"));
}

TEST_F(ocsp_answer, holds_in_its_time_only) {
  const struct {
    ocsp_ca::answer what;
    const char* why;
  } rows[] = {
      {{now - 48h, now - 1s}, "it holds no more"},
      {{now - 48h, now}, "it holds no more"},
      {{now + 6min, now + 24h}, "it does not hold yet"},
      {{now + 4min, now + 24h}, "accepted"},  // two clocks
      {{now - 1h, std::nullopt}, "does not say until when"},
      {{now - 1h, now + 24h, V_OCSP_CERTSTATUS_UNKNOWN}, "does not know the certificate"},
  };
  for (const auto& row : rows) EXPECT_THAT(refusal(row.what), HasSubstr(row.why));
}

TEST_F(ocsp_answer, about_another_certificate_or_of_another_kind_is_refused) {
  const auto other = ca_.leaf("a.test", 24h);
  EXPECT_THAT(refusal_of(ca_.say(*other, plain())), HasSubstr("about another certificate"));
  EXPECT_THAT(refusal_of("nonsense"), HasSubstr("no OCSP response"));
  EXPECT_THAT(refusal_of(""), HasSubstr("no OCSP response"));
  EXPECT_THAT(refusal_of(std::string(response_bytes_max + 1, '\0')), HasSubstr("too long"));
  std::string flipped = ca_.say(*leaf_, plain());
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 1);
  EXPECT_NE(refusal_of(flipped), "accepted");
}

}  // namespace
}  // namespace cardea::autocert::ocsp
