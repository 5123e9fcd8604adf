#include "config/sections/autocert.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "config/sections/challenge_choice.hpp"
#include "tests/unit/config/fixture.hpp"

#include <gtest/gtest.h>

namespace cardea::config {
namespace {

autocert_section autocert(const std::string& text) {
  const auto result = test::load_main(text);
  EXPECT_TRUE(result.loaded) << format_issues(result.errors);
  return result.loaded ? result.loaded->autocert : autocert_section();
}

TEST(autocert, has_local_files_when_there_is_no_section) {
  for (const char* text :
       {"", "autocert:\n", "autocert: {}\n", "autocert: {provider: '', cert_path: ''}\n"}) {
    const auto main = autocert(text).main;
    EXPECT_EQ(main.name, "main");
    EXPECT_EQ(main.provider, "local");
    EXPECT_EQ(main.cert_path, "certs/cert.crt");
    EXPECT_EQ(main.key_path, "certs/priv.key");
    EXPECT_EQ(main.acme_key_path, "certs/acme.key");
    EXPECT_EQ(main.certificate_key_type, key_type::ec256);
  }
}

constexpr const char* full_main = R"(
autocert:
  provider: Cloudflare
  email: ops@example.com
  domains: [Example.COM., "*.example.com"]
  cert_path: m.crt
  key_path: m.key
  acme_key_path: account.key
  options: {auth_token: t0ken, nested: {client_id: id, deep: {x: 1}}, zones: [a, b], empty: ""}
  resolvers: 1.1.1.1:53, ns.example
  ca_dir_url: https://ca.example/dir
  ca_certs: [ca.pem]
  eab_kid: kid
  eab_hmac_key: Zm9v
  certificate_key_type: p384
  extra:
    - cert_path: a.crt
      key_path: a.key
)";

TEST(autocert, reads_every_field) {
  const auto main = autocert(full_main).main;
  EXPECT_EQ(main.provider, "cloudflare");
  EXPECT_EQ(main.email, "ops@example.com");
  EXPECT_EQ(main.domains, (std::vector<std::string>{"example.com", "*.example.com"}));
  EXPECT_EQ(main.cert_path, "m.crt");
  EXPECT_EQ(main.key_path, "m.key");
  EXPECT_EQ(main.acme_key_path, "account.key");
  std::map<std::string, std::string> options;
  for (const auto& [name, text] : main.options) options[name] = text.reveal();
  EXPECT_EQ(
      options,
      (std::map<std::string, std::string>{
          {"auth_token", "t0ken"}, {"nested.client_id", "id"}, {"nested.deep.x", "1"}, {"zones", "a,b"}}));
  EXPECT_EQ(main.resolvers, (std::vector<std::string>{"1.1.1.1:53", "ns.example"}));
  EXPECT_EQ(main.ca_dir_url, "https://ca.example/dir");
  EXPECT_EQ(main.ca_certs, std::vector<std::string>{"ca.pem"});
  EXPECT_EQ(main.eab_kid, "kid");
  EXPECT_EQ(main.eab_hmac.reveal(), "Zm9v");
  EXPECT_EQ(main.certificate_key_type, key_type::ec384);
}

TEST(autocert, an_extra_inherits_everything_but_its_paths) {
  const auto section = autocert(full_main);
  ASSERT_EQ(section.extra.size(), 1U);
  const auto& extra = section.extra[0];
  EXPECT_EQ(extra.name, "extra[0]");
  EXPECT_EQ(extra.cert_path, "a.crt");
  EXPECT_EQ(extra.key_path, "a.key");
  EXPECT_EQ(extra.provider, section.main.provider);
  EXPECT_EQ(extra.email, section.main.email);
  EXPECT_EQ(extra.domains, section.main.domains);
  EXPECT_EQ(extra.acme_key_path, section.main.acme_key_path);
  EXPECT_EQ(extra.options, section.main.options);
  EXPECT_EQ(extra.resolvers, section.main.resolvers);
  EXPECT_EQ(extra.ca_dir_url, section.main.ca_dir_url);
  EXPECT_EQ(extra.ca_certs, section.main.ca_certs);
  EXPECT_EQ(extra.eab_kid, section.main.eab_kid);
  EXPECT_EQ(extra.eab_hmac, section.main.eab_hmac);
  EXPECT_EQ(extra.certificate_key_type, section.main.certificate_key_type);
}

TEST(autocert, an_extra_overrides_every_field) {
  const auto section = autocert(std::string(full_main) + R"(
      provider: rfc2136
      email: other@example.com
      domains: api.other.test
      acme_key_path: other.key
      options: {nameserver: ns}
      resolvers: ["9.9.9.9"]
      ca_dir_url: https://other.example/dir
      ca_certs: other.pem
      eab_kid: kid2
      eab_hmac: YmFy
      certificate_key_type: "4096"
)");
  ASSERT_EQ(section.extra.size(), 1U);
  const auto& extra = section.extra[0];
  EXPECT_EQ(extra.provider, "rfc2136");
  EXPECT_EQ(extra.email, "other@example.com");
  EXPECT_EQ(extra.domains, std::vector<std::string>{"api.other.test"});
  EXPECT_EQ(extra.acme_key_path, "other.key");
  ASSERT_EQ(extra.options.size(), 1U);
  EXPECT_EQ(extra.options.at("nameserver").reveal(), "ns");
  EXPECT_EQ(extra.resolvers, std::vector<std::string>{"9.9.9.9"});
  EXPECT_EQ(extra.ca_dir_url, "https://other.example/dir");
  EXPECT_EQ(extra.ca_certs, std::vector<std::string>{"other.pem"});
  EXPECT_EQ(extra.eab_kid, "kid2");
  EXPECT_EQ(extra.eab_hmac.reveal(), "YmFy");
  EXPECT_EQ(extra.certificate_key_type, key_type::rsa4096);
}

TEST(autocert, what_is_wished_of_the_ca_is_inherited_and_overridden) {
  const auto section = autocert(
      "autocert: {provider: duckdns, email: a@b.c, domains: [a.test], profile: shortlived,"
      " preferred_chain: ISRG Root X1, reuse_key: true, extra: [{cert_path: a, key_path: b},"
      " {cert_path: c, key_path: d, profile: classic, preferred_chain: Other, reuse_key: false}]}");
  for (const auto* one : {&section.main, &section.extra.at(0)}) {
    EXPECT_EQ(one->profile, "shortlived");
    EXPECT_EQ(one->preferred_chain, "ISRG Root X1");
    EXPECT_TRUE(one->reuse_key);
  }
  EXPECT_EQ(section.extra.at(1).profile, "classic");
  EXPECT_EQ(section.extra.at(1).preferred_chain, "Other");
  EXPECT_FALSE(section.extra.at(1).reuse_key);
}

TEST(autocert, well_known_cas_have_names) {
  const auto named = [](const std::string& name) {
    return autocert("autocert: {provider: duckdns, email: a@b.c, domains: [a.test], ca_dir_url: " + name +
                    "}")
        .main;
  };
  EXPECT_EQ(named("letsencrypt").ca_dir_url, "");
  EXPECT_EQ(named("LetsEncrypt").acme_key_path, "certs/acme.key");
  EXPECT_EQ(named("letsencrypt-staging").ca_dir_url,
            "https://acme-staging-v02.api.letsencrypt.org/directory");
  EXPECT_EQ(named("zerossl").ca_dir_url, "https://acme.zerossl.com/v2/DV90");
  EXPECT_EQ(named("google").ca_dir_url, "https://dv.acme-v02.api.pki.goog/directory");
  EXPECT_NE(named("google").acme_key_path, named("zerossl").acme_key_path);
}

TEST(autocert, options_of_one_vendor_do_not_reach_another) {
  const auto section = autocert(std::string(full_main) + "      provider: duckdns\n");
  EXPECT_TRUE(section.extra.at(0).options.empty());
}

std::string derived(std::string_view url) {
  return "certs/acme_" + base::hex(base::sha256(url)).substr(0, 16) + ".key";
}

TEST(autocert, every_ca_has_an_account_key_of_its_own) {
  const std::string common = "provider: duckdns, email: a@b.c, domains: [a.test]";
  const std::string extras =
      ", extra: [{cert_path: a, key_path: b},"
      " {cert_path: c, key_path: d, ca_dir_url: 'https://two.example/'},"
      " {cert_path: e, key_path: f, ca_dir_url: 'https://two.example/', acme_key_path: own.key}]}";
  const auto plain = autocert("autocert: {" + common + extras);
  EXPECT_EQ(plain.main.acme_key_path, "certs/acme.key");
  EXPECT_EQ(plain.extra[0].acme_key_path, "certs/acme.key");
  EXPECT_EQ(plain.extra[1].acme_key_path, derived("https://two.example/"));
  EXPECT_EQ(plain.extra[2].acme_key_path, "own.key");
  const auto other = autocert("autocert: {ca_dir_url: 'https://one.example/', " + common + extras);
  EXPECT_EQ(other.main.acme_key_path, derived("https://one.example/"));
  EXPECT_EQ(other.extra[0].acme_key_path, derived("https://one.example/"));
  const auto chosen = autocert("autocert: {acme_key_path: mine.key, " + common + extras);
  EXPECT_EQ(chosen.extra[0].acme_key_path, "mine.key");
  EXPECT_EQ(chosen.extra[1].acme_key_path, derived("https://two.example/"));
}

TEST(autocert, the_derived_name_is_the_one_that_godoxy_uses) {
  EXPECT_EQ(derived("https://acme-staging-v02.api.letsencrypt.org/directory").size(),
            std::string("certs/acme_.key").size() + 16);
  EXPECT_EQ(derived("abc"), "certs/acme_ba7816bf8f01cfea.key");
}

TEST(autocert, key_types_have_all_names_of_godoxy) {
  const std::pair<const char*, key_type> all[] = {
      {"EC256", key_type::ec256},     {"p256", key_type::ec256},      {"ec384", key_type::ec384},
      {"P384", key_type::ec384},      {"rsa2048", key_type::rsa2048}, {"2048", key_type::rsa2048},
      {"RSA3072", key_type::rsa3072}, {"3072", key_type::rsa3072},    {"RSA4096", key_type::rsa4096},
      {"4096", key_type::rsa4096},    {"RSA8192", key_type::rsa8192}, {"8192", key_type::rsa8192}};
  for (const auto& [name, expected] : all) {
    const std::string text = std::string("autocert: {certificate_key_type: ") + name + "}\n";
    EXPECT_EQ(autocert(text).main.certificate_key_type, expected) << name;
  }
}

TEST(autocert, internal_needs_domains_only_and_custom_may_have_short_names) {
  EXPECT_EQ(autocert("autocert: {provider: internal, domains: [localhost, '*.a.test']}").main.domains.size(),
            2U);
  EXPECT_EQ(
      autocert(
          "autocert: {provider: custom, email: a@b, domains: host, ca_dir_url: 'http://127.0.0.1:14000/dir'}")
          .main.domains.size(),
      1U);
}

TEST(autocert, a_domain_that_is_named_twice_is_kept_once_with_a_warning) {
  const auto result = test::load_main("autocert: {provider: internal, domains: [a.test, A.test.]}");
  ASSERT_TRUE(result.loaded);
  EXPECT_EQ(result.loaded->autocert.main.domains, std::vector<std::string>{"a.test"});
  EXPECT_EQ(format_issues(result.warnings),
            "config.yml:1:50: autocert.domains[1]: main: domain \"A.test.\" is there already\n");
}

TEST(autocert, a_section_of_its_own_file_is_used_when_the_main_file_has_none) {
  for (const char* text : {"provider: pseudo\n", "autocert:\n  provider: pseudo\n"}) {
    test::world here;
    here.files["config/config.yml"] = "timeout_shutdown: 5\n";
    here.files["config/autocert.yml"] = text;
    const auto result = here.load("config/config.yml");
    ASSERT_TRUE(result.loaded) << format_issues(result.errors);
    EXPECT_EQ(result.loaded->autocert.main.provider, "pseudo");
    EXPECT_EQ(result.loaded->files, (std::vector<std::string>{"config/config.yml", "config/autocert.yml"}));
  }
}

TEST(autocert, a_file_that_is_not_read_is_not_passed_over_silently) {
  test::world here;
  here.files["config.yml"] = "autocert: {provider: pseudo}\n";
  here.files["autocert.yml"] = "]]]";
  const auto result = here.load();
  ASSERT_TRUE(result.loaded);
  EXPECT_EQ(format_issues(result.warnings),
            "config.yml:1:1: autocert: autocert.yml is not read, because there is this section\n");
}

TEST(autocert, takes_two_key_types_for_one_entry) {
  for (const char* types : {"[EC256, RSA2048]", "'EC256, RSA2048'", "[p256, '2048']"}) {
    const auto main = autocert(std::string("autocert: {certificate_key_type: ") + types + "}\n").main;
    EXPECT_EQ(main.certificate_key_type, key_type::ec256) << types;
    EXPECT_EQ(main.second_key_type, key_type::rsa2048) << types;
  }
  const auto section = autocert(
      "autocert: {certificate_key_type: [RSA4096, EC384], cert_path: a/x.crt, key_path: a/x, extra: [{cert_path: b.pem, "
      "key_path: b.key}, {cert_path: c.pem, key_path: c.key, certificate_key_type: EC256}]}\n");
  const auto both = by_key_type(section.main);
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0].name, "main");
  EXPECT_EQ(both[0].certificate_key_type, key_type::rsa4096);
  EXPECT_EQ(both[0].cert_path, "a/x.crt");
  EXPECT_EQ(both[1].name, "main/ecdsa");
  EXPECT_EQ(both[1].certificate_key_type, key_type::ec384);
  EXPECT_EQ(both[1].cert_path, "a/x.ecdsa.crt");
  EXPECT_EQ(both[1].key_path, "a/x.ecdsa");
  EXPECT_EQ(by_key_type(section.extra[0]).size(), 2U) << "inherited";
  EXPECT_EQ(by_key_type(section.extra[0])[1].cert_path, "b.ecdsa.pem");
  EXPECT_EQ(by_key_type(section.extra[1]).size(), 1U) << "one type takes the place of both";
}

TEST(autocert, b11_keeps_unused_files_for_thirty_days_or_as_long_as_told) {
  EXPECT_EQ(autocert("").keep_unused, std::chrono::hours(30 * 24));
  EXPECT_EQ(autocert("autocert: {keep_unused: 12h}\n").keep_unused, std::chrono::hours(12));
  EXPECT_EQ(autocert("autocert: {keep_unused: 2w}\n").keep_unused, std::chrono::hours(14 * 24));
  EXPECT_EQ(autocert("autocert: {keep_unused: off}\n").keep_unused, std::nullopt);
  EXPECT_EQ(autocert("autocert: {keep_unused: }\n").keep_unused, std::chrono::hours(30 * 24)) << "nothing is said";
}

TEST(autocert, takes_folders) {
  EXPECT_TRUE(autocert("").folders.empty());
  EXPECT_EQ(autocert("autocert: {folders: [certs.d/, /etc/ssl/./sites]}\n").folders,
            (std::vector<std::string>{"certs.d", "/etc/ssl/sites"}));
  EXPECT_EQ(autocert("autocert: {folders: certs.d}\n").folders, std::vector<std::string>{"certs.d"});
}

constexpr const char* acme_main = R"(
autocert:
  provider: cloudflare
  email: ops@example.com
  domains: [example.com]
  options: {auth_token: x}
)";

TEST(autocert, challenges_are_a_list_in_order_of_preference) {
  EXPECT_EQ(challenges_of(autocert(acme_main).main), std::vector{challenge_type::dns01});
  const auto one = autocert(std::string(acme_main) + "  challenge: HTTP-01\n").main;
  EXPECT_EQ(challenges_of(one), std::vector{challenge_type::http01});
  const auto all = autocert(std::string(acme_main) +
                            "  challenge: [tls-alpn-01, http-01, dns-persist-01, dns-account-01, dns-01]\n");
  EXPECT_EQ(all.main.challenges,
            (std::vector{challenge_type::tls_alpn01, challenge_type::http01, challenge_type::dns_persist01,
                         challenge_type::dns_account01, challenge_type::dns01}));
  certificate_request custom;
  custom.provider = "custom";
  EXPECT_EQ(challenges_of(custom),
            (std::vector{challenge_type::http01, challenge_type::tls_alpn01, challenge_type::dns01}));
}

TEST(autocert, an_extra_has_mains_challenges_unless_it_or_its_provider_is_another) {
  const auto section = autocert(std::string(acme_main) + R"(  challenge: [http-01, dns-01]
  propagation: {delay: 3s}
  extra:
    - {cert_path: a.crt, key_path: a.key}
    - {cert_path: b.crt, key_path: b.key, challenge: tls-alpn-01}
    - {cert_path: c.crt, key_path: c.key, provider: custom, ca_dir_url: "https://ca.example/dir"}
)");
  ASSERT_EQ(section.extra.size(), 3U);
  EXPECT_EQ(section.extra[0].challenges, section.main.challenges);
  EXPECT_EQ(section.extra[0].propagation, section.main.propagation);
  EXPECT_EQ(section.extra[1].challenges, std::vector{challenge_type::tls_alpn01});
  EXPECT_TRUE(section.extra[2].challenges.empty());
}

TEST(autocert, propagation_is_a_mapping_or_a_switch) {
  using namespace std::chrono_literals;
  const auto none = autocert(acme_main).main.propagation;
  EXPECT_TRUE(none.check);
  EXPECT_FALSE(none.timeout);
  EXPECT_FALSE(none.polling_interval);
  EXPECT_EQ(none.delay, 0ms);
  const auto all =
      autocert(std::string(acme_main) +
               "  propagation: {timeout: 5m, polling_interval: 250ms, delay: 10s, check: false}\n")
          .main.propagation;
  EXPECT_FALSE(all.check);
  EXPECT_EQ(all.timeout, 5min);
  EXPECT_EQ(all.polling_interval, 250ms);
  EXPECT_EQ(all.delay, 10s);
  EXPECT_FALSE(autocert(std::string(acme_main) + "  propagation: off\n").main.propagation.check);
}

TEST(autocert, b43_names_are_lower_case_a_labels_and_addresses_have_one_spelling) {
  const auto main = autocert(R"(
autocert:
  provider: custom
  email: ops@example.com
  ca_dir_url: https://ca.example/dir
  domains: [" Example.COM. ", "*.B\xFCcher.example", "b\xFCcher.example", 192.0.2.1, "2001:DB8:0::0:1", example.com]
)").main;
  EXPECT_EQ(main.domains, (std::vector<std::string>{"example.com", "*.xn--bcher-kva.example",
                                                    "xn--bcher-kva.example", "192.0.2.1", "2001:db8::1"}));
}

TEST(autocert, a_custom_ca_may_be_a_known_one) {
  const auto main = autocert(
      "autocert: {provider: custom, email: a@b.c, domains: [a.com], ca_dir_url: letsencrypt}\n").main;
  EXPECT_EQ(main.ca_dir_url, "https://acme-v02.api.letsencrypt.org/directory");
  EXPECT_EQ(main.acme_key_path, "certs/acme.key") << "the account of that CA";
}

TEST(autocert, a_challenge_whose_listener_is_off_is_warned_about) {
  const auto result = test::load_main(std::string(acme_main) +
                                      "  challenge: [http-01, tls-alpn-01, dns-01]\n"
                                      "entrypoint: {http_addr: off, https_addr: off}\n");
  EXPECT_TRUE(result.loaded);
  EXPECT_EQ(format_issues(result.warnings),
            "config.yml: autocert.challenge: main: http-01 is answered on entrypoint.http_addr, which is off\n"
            "config.yml: autocert.challenge: main: tls-alpn-01 is answered on entrypoint.https_addr, which is off\n");
}

TEST(autocert, b71_a_persistent_record_is_not_tried_out_with_another_account) {
  EXPECT_TRUE(rehearsal_of(autocert(acme_main).main));
  const auto main = autocert(std::string(acme_main) + "  challenge: [dns-persist-01, dns-01]\n").main;
  EXPECT_FALSE(rehearsal_of(main));
}

}  // namespace
}  // namespace cardea::config
