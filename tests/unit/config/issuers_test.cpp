// Goal: a certificate may have several issuers, each with all that belongs to
// it, and what contradicts itself is said where it stands.
#include "config/sections/autocert.hpp"

#include "config/sections/known_cas.hpp"
#include "tests/unit/config/fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace cardea::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string entry = "autocert: {provider: duckdns, email: a@b.c, domains: [a.test], ";

autocert_section autocert(const std::string& text) {
  const auto result = test::load_main(text);
  EXPECT_TRUE(result.loaded) << format_issues(result.errors);
  return result.loaded ? result.loaded->autocert : autocert_section();
}

std::string mistakes(const std::string& text) {
  const auto result = test::load_main(text);
  EXPECT_FALSE(result.loaded.has_value());
  return format_issues(result.errors);
}

constexpr const char* two_issuers = R"(
autocert:
  provider: duckdns
  email: a@b.c
  domains: [a.test]
  issuer_tries: 3
  issuers:
    - ca_dir_url: https://one.example/dir
      ca_certs: [one.pem]
      eab_kid: kid
      eab_hmac: Zm9v
      profile: shortlived
      preferred_chain: Old Root
      acme_key_path: one.key
      staging_dir_url: https://one.example/staging
      eab_url: https://one.example/eab
    - zerossl
    - letsencrypt
  extra:
    - {cert_path: a, key_path: b}
    - {cert_path: c, key_path: d, ca_dir_url: google, eab_kid: k, eab_hmac: YmFy}
    - {cert_path: e, key_path: f, issuers: [buypass]}
)";

TEST(issuers, b30_the_first_one_is_preferred_and_the_others_follow_in_order) {
  const auto section = autocert(two_issuers);
  const auto all = requests_by_issuer(section.main);
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(section.main.issuer_tries, 3U);
  EXPECT_EQ(all[0].ca_dir_url, "https://one.example/dir");
  EXPECT_EQ(all[0].ca_certs, std::vector<std::string>{"one.pem"});
  EXPECT_EQ(all[0].eab_kid, "kid");
  EXPECT_EQ(all[0].eab_hmac.reveal(), "Zm9v");
  EXPECT_EQ(all[0].profile, "shortlived");
  EXPECT_EQ(all[0].preferred_chain, "Old Root");
  EXPECT_EQ(all[0].acme_key_path, "one.key");
  EXPECT_EQ(all[0].staging_dir_url, "https://one.example/staging");
  EXPECT_EQ(all[0].eab_url, "https://one.example/eab");
  EXPECT_EQ(all[1].ca_dir_url, "https://acme.zerossl.com/v2/DV90");
  EXPECT_EQ(all[1].profile, "") << "what belongs to one issuer does not reach another";
  EXPECT_EQ(all[1].eab_kid, "");
  EXPECT_EQ(all[2].ca_dir_url, "");
  EXPECT_EQ(all[2].acme_key_path, "certs/acme.key");
  for (const auto& each : all) {
    EXPECT_EQ(each.domains, section.main.domains);
    EXPECT_THAT(each.fallbacks, IsEmpty());
  }
  EXPECT_NE(all[1].acme_key_path, all[2].acme_key_path);
}

TEST(issuers, b30_an_extra_has_those_of_main_unless_it_has_its_own) {
  const auto section = autocert(two_issuers);
  EXPECT_EQ(section.extra[0].fallbacks, section.main.fallbacks);
  EXPECT_EQ(section.extra[0].acme_key_path, "one.key");
  EXPECT_EQ(section.extra[0].issuer_tries, 3U);
  EXPECT_EQ(section.extra[1].ca_dir_url, "https://dv.acme-v02.api.pki.goog/directory");
  EXPECT_EQ(section.extra[1].eab_kid, "k");
  EXPECT_FALSE(section.extra[1].staging_dir_url) << "that of another CA";
  EXPECT_THAT(section.extra[1].fallbacks, IsEmpty());
  EXPECT_EQ(section.extra[2].ca_dir_url, "https://api.buypass.com/acme/directory");
  EXPECT_EQ(section.extra[2].eab_kid, "");
  EXPECT_THAT(section.extra[2].fallbacks, IsEmpty());
}

TEST(issuers, b30_the_keys_of_a_single_issuer_stay_as_the_short_form) {
  const auto main = autocert(entry + "ca_dir_url: zerossl}").main;
  EXPECT_EQ(main.ca_dir_url, "https://acme.zerossl.com/v2/DV90");
  EXPECT_THAT(requests_by_issuer(main), SizeIs(1));
  EXPECT_EQ(main.issuer_tries, certificate_request::issuer_tries_default);
  EXPECT_EQ(autocert(entry + "issuers: zerossl}").main, main);
  EXPECT_EQ(autocert(entry + "issuers: {ca_dir_url: zerossl}}").main, main);
}

TEST(issuers, a_list_and_single_keys_contradict_one_another) {
  EXPECT_THAT(mistakes(entry + "profile: classic, issuers: [zerossl]}"),
              HasSubstr("autocert.issuers: main: issuers and profile exclude one another: write profile into "
                        "the list"));
  EXPECT_THAT(mistakes(entry + "issuers: [zerossl], extra: [{cert_path: a, key_path: b, profile: x}]}"),
              HasSubstr("extra[0]: profile of which issuer? main has a list: write one here, too"));
}

TEST(issuers, what_is_wrong_with_an_element_is_said_at_its_place) {
  EXPECT_THAT(mistakes(entry + "issuers: [zerosll]}"), HasSubstr("did you mean \"zerossl\"?"));
  EXPECT_THAT(mistakes(entry + "issuers: [{profile: x}]}"),
              HasSubstr("autocert.issuers[0].ca_dir_url: main: missing field ca_dir_url: an issuer is a CA"));
  EXPECT_THAT(mistakes(entry + "issuers: [{ca_dir_url: zerossl, eab_kid: k}]}"),
              HasSubstr("autocert.issuers[0]: main: missing field: eab_kid and eab_hmac go together"));
  EXPECT_THAT(mistakes(entry + "issuers: [{ca_dir_url: zerossl, domains: x}]}"),
              HasSubstr("autocert.issuers[0].domains: main: unknown key"));
  EXPECT_THAT(mistakes(entry + "issuers: [zerossl, google, ZeroSSL]}"),
              HasSubstr("autocert.issuers[2]: main: this CA is there already (line 1, column"));
  EXPECT_THAT(mistakes(entry + "issuers: [{ca_dir_url: zerossl, acme_key_path: k}, {ca_dir_url: google, "
                               "acme_key_path: k}]}"),
              HasSubstr("duplicated path \"k\": each CA needs an acme_key_path of its own"));
  EXPECT_THAT(mistakes(entry + "issuer_tries: 0}"), HasSubstr("expected a whole number from 1 to 100"));
  EXPECT_THAT(mistakes(entry + "issuers: [{ca_dir_url: zerossl, eab_url: 'ftp://x/'}]}"),
              HasSubstr("expected an https:// address"));
}

TEST(issuers, no_more_than_ten_are_taken) {
  std::string list = "https://ca0.example/";
  for (std::size_t i = 1; i < 10; ++i) list += ", https://ca" + std::to_string(i) + ".example/";
  EXPECT_THAT(requests_by_issuer(autocert(entry + "issuers: [" + list + "]}").main), SizeIs(10));
  EXPECT_THAT(mistakes(entry + "issuers: [" + list + ", https://ca10.example/]}"),
              HasSubstr("expected at most 10 issuers"));
}

TEST(known_cas, b30_are_sorted_and_have_addresses) {
  const auto names = known_ca_names();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  for (const auto name : names) {
    EXPECT_TRUE(directory_of_known_ca(name)->starts_with("https://")) << name;
    EXPECT_TRUE(is_public_ca(*directory_of_known_ca(name))) << name;
  }
  EXPECT_FALSE(is_public_ca("https://ca.home.test/dir"));
}

TEST(known_cas, b26_say_where_orders_are_tried_out) {
  EXPECT_EQ(staging_of(lets_encrypt_directory), directory_of_known_ca("letsencrypt-staging"));
  EXPECT_EQ(staging_of(*directory_of_known_ca("buypass")), directory_of_known_ca("buypass-staging"));
  EXPECT_EQ(staging_of(*directory_of_known_ca("letsencrypt-staging")), std::nullopt);
  EXPECT_EQ(staging_of(*directory_of_known_ca("zerossl")), std::nullopt);

  const auto tried_at = [](const std::string& keys) {
    const auto found = rehearsal_of(autocert(entry + keys + "}").main);
    return found ? found->ca_dir_url : "nowhere";
  };
  EXPECT_EQ(tried_at("reuse_key: false"), "https://acme-staging-v02.api.letsencrypt.org/directory");
  EXPECT_EQ(tried_at("staging_dir_url: off"), "nowhere");
  EXPECT_EQ(tried_at("ca_dir_url: zerossl"), "nowhere");
  EXPECT_EQ(tried_at("ca_dir_url: 'https://ca.test/d', staging_dir_url: 'https://ca.test/s'"),
            "https://ca.test/s");
  EXPECT_EQ(tried_at("ca_dir_url: google, eab_kid: k, eab_hmac: Zm9v"), "nowhere")
      << "an external account of the other directory would be needed";
  const auto main = autocert(entry + "acme_key_path: a.key}").main;
  EXPECT_EQ(rehearsal_of(main)->acme_key_path, "a.key.staging");
}

TEST(known_cas, b49_zerossl_gives_out_external_accounts_by_e_mail) {
  EXPECT_EQ(eab_url_of(*directory_of_known_ca("zerossl")),
            "https://api.zerossl.com/acme/eab-credentials-email");
  EXPECT_EQ(eab_url_of(lets_encrypt_directory), std::nullopt);
}

}  // namespace
}  // namespace cardea::config
