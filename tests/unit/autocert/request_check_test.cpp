#include "autocert/request_check.hpp"

#include "autocert/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cardea::autocert {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::vector<std::string> dns_providers{"cloudflare", "rfc2136", "duckdns"};

config::certificate_request usable(const std::string& name) {
  config::certificate_request out;
  out.name = name;
  out.provider = "cloudflare";
  out.email = "admin@example.com";
  out.domains = {"example.com", "*.example.com"};
  out.cert_path = "certs/" + name + ".crt";
  out.key_path = "certs/" + name + ".key";
  return out;
}

config::autocert_section usable_section() {
  return {usable("main"), {usable("extra[0]"), usable("extra[1]")}};
}

TEST(request_check, accepts_what_is_complete) {
  EXPECT_TRUE(check_requests(usable_section(), dns_providers));
  EXPECT_TRUE(check_requests({}, {})) << "no section at all is local";
}

TEST(request_check, names_the_provider_the_kind_and_the_field) {
  using change = void (*)(config::autocert_section&);
  const struct {
    change make;
    errc code;
    const char* prefix;
    const char* part;
  } rows[] = {
      {[](auto& s) { s.main.email.clear(); }, errc::missing_field, "main: missing field 'email'", ""},
      {[](auto& s) { s.extra[1].domains.clear(); }, errc::missing_field, "extra[1]: missing field 'domains'",
       ""},
      {[](auto& s) { s.extra[0].provider = "custom"; }, errc::missing_field,
       "extra[0]: missing field 'ca_dir_url'", ""},
      {[](auto& s) { s.main.eab_kid = "k"; }, errc::missing_field, "main: missing field 'eab_hmac'", ""},
      {[](auto& s) { s.main.eab_hmac = base::secret("hush"); }, errc::missing_field,
       "main: missing field 'eab_kid'", ""},
      {[](auto& s) { s.main.cert_path.clear(); }, errc::missing_field, "main: missing field 'cert_path'", ""},
      {[](auto& s) { s.main.key_path.clear(); }, errc::missing_field, "main: missing field 'key_path'", ""},
      {[](auto& s) { s.extra[0].cert_path = "certs/./main.crt"; }, errc::duplicated_path,
       "extra[0]: duplicated path", "already the cert_path of main"},
      {[](auto& s) { s.extra[1].key_path = s.extra[0].key_path; }, errc::duplicated_path,
       "extra[1]: duplicated path", "already the key_path of extra[0]"},
      {[](auto& s) { s.extra[1].key_path = s.main.cert_path; }, errc::duplicated_path,
       "extra[1]: duplicated path", "already the cert_path of main"},
      {[](auto& s) { s.main.key_path = s.main.cert_path; }, errc::duplicated_path, "main: duplicated path",
       ""},
      {[](auto& s) { s.main.domains = {"localhost"}; }, errc::invalid_domain, "main: invalid domain",
       "localhost"},
      {[](auto& s) { s.main.domains = {"a.*.test"}; }, errc::invalid_domain, "main: invalid domain",
       "a.*.test"},
      {[](auto& s) { s.main.domains = {"bad name.test"}; }, errc::invalid_domain, "main: invalid domain", ""},
      {[](auto& s) { s.main.provider = "cloudflar"; }, errc::unknown_provider,
       "main: unknown provider 'cloudflar'", "did you mean 'cloudflare'?"},
      {[](auto& s) { s.extra[0].provider = "lokal"; }, errc::unknown_provider, "extra[0]: unknown provider",
       "did you mean 'local'?"},
      {[](auto& s) { s.main.provider = "googledomains"; }, errc::unknown_provider, "main: unknown provider",
       ""},
  };
  for (const auto& row : rows) {
    auto section = usable_section();
    row.make(section);
    const auto checked = check_requests(section, dns_providers);
    ASSERT_FALSE(checked) << row.prefix;
    EXPECT_EQ(checked.error(), make_error_code(row.code)) << checked.error().message();
    EXPECT_THAT(checked.error().message(), StartsWith(row.prefix));
    EXPECT_THAT(checked.error().message(), HasSubstr(row.part));
    EXPECT_THAT(checked.error().message(), testing::Not(HasSubstr("hush")));
  }
}

TEST(request_check, lets_own_cas_vouch_for_names_without_a_dot) {
  for (const char* provider : {"custom", "internal"}) {
    config::autocert_section section{usable("main"), {}};
    section.main.provider = provider;
    section.main.ca_dir_url = "https://ca.lan/directory";
    section.main.domains = {"localhost", "*.lan", "*.a.test"};
    EXPECT_TRUE(check_requests(section, {})) << provider;
    section.main.domains = {"not a name"};
    EXPECT_FALSE(check_requests(section, {})) << provider;
  }
}

TEST(request_check, asks_nothing_of_local_and_pseudo_and_no_account_of_internal) {
  for (const char* provider : {"local", "pseudo"}) {
    config::autocert_section section{usable("main"), {}};
    section.main.provider = provider;
    section.main.email.clear();
    section.main.domains.clear();
    EXPECT_TRUE(check_requests(section, {})) << provider;
  }
  config::autocert_section section{usable("main"), {}};
  section.main.provider = "internal";
  section.main.email.clear();
  EXPECT_TRUE(check_requests(section, {}));
}

TEST(request_check, knows_the_kinds) {
  EXPECT_EQ(kind_of("local"), provider_kind::local);
  EXPECT_EQ(kind_of("pseudo"), provider_kind::pseudo);
  EXPECT_EQ(kind_of("internal"), provider_kind::internal);
  EXPECT_EQ(kind_of("custom"), provider_kind::custom);
  EXPECT_EQ(kind_of("rfc2136"), provider_kind::dns);
}

}  // namespace
}  // namespace cardea::autocert
