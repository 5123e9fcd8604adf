#include "base/trust_store.hpp"
#include "tests/support/test_ca.hpp"
#include "tests/unit/config/fixture.hpp"

#include <gtest/gtest.h>

/// Goal: who may vouch for clients is read as GoDoxy's users wrote it, and never half.
namespace cardea::config {
namespace {

const std::string own_ports_off = "entrypoint: {http_addr: '', https_addr: ''}\napi: {addr: ''}\n";

struct inbound_mtls : testing::Test {
  tests::test_ca staff{"staff"};
  tests::test_ca devices{"devices"};
  test::world here;

  void SetUp() override {
    here.files["staff.pem"] = staff.pem();
    here.files["devices.pem"] = devices.pem();
    here.files["text.pem"] = "no certificate\n";
    here.files["cut.pem"] = staff.pem().substr(0, 300);
  }

  load_result load(const std::string& text) {
    here.files["config.yml"] = text;
    return here.load();
  }

  std::string errors(const std::string& text) { return format_issues(load(text).errors); }

  static base::trust_store::id_type trust(const std::string& pem) {
    return (*base::trust_store::create({&pem, 1}, false))->id();
  }
};

TEST_F(inbound_mtls, a_route_has_the_profile_that_it_names) {
  const auto result = load(
      own_ports_off +
      "inbound_mtls_profiles:\n"
      "  staff: {ca_files: [staff.pem]}\n"
      "  all: {ca_files: 'staff.pem, devices.pem', use_system_cas: no}\n"
      "routes:\n"
      "  a: {inbound_mtls_profile: staff}\n"
      "  b: {inbound_mtls_profile: all}\n"
      "  c: {inbound_mtls_profile: ''}\n"
      "  d: {scheme: fileserver, root: /srv, inboundMTLSProfile: staff}\n");
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  const auto& routes = result.loaded->routes;
  EXPECT_EQ(routes[0].client_cas->id(), trust(staff.pem()));
  EXPECT_EQ(routes[1].client_cas->id(), trust(staff.pem() + devices.pem()));
  EXPECT_EQ(routes[2].client_cas, nullptr);
  EXPECT_EQ(routes[3].client_cas->id(), trust(staff.pem()));
  EXPECT_EQ(result.loaded->entrypoint.client_cas, nullptr);
  for (const char* file : {"staff.pem", "devices.pem"})
    EXPECT_EQ(std::count(result.files.begin(), result.files.end(), file), 1) << "is watched once: " << file;
}

TEST_F(inbound_mtls, the_entrypoints_profile_holds_for_all_routes_and_they_have_none) {
  const std::string profiles = "inbound_mtls_profiles: {staff: {ca_files: [staff.pem]}}\n";
  const auto result = load(profiles + "entrypoint: {inbound_mtls_profile: staff}\nroutes: {a: {port: 81}}\n");
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  EXPECT_EQ(result.loaded->entrypoint.client_cas->id(), trust(staff.pem()));
  EXPECT_EQ(errors(profiles +
                   "entrypoint: {inbound_mtls_profile: staff}\n"
                   "routes: {a: {port: 81, inbound_mtls_profile: staff}}\n"),
            "config.yml:3:46: routes.a.inbound_mtls_profile: entrypoint.inbound_mtls_profile holds for all routes; "
            "remove one of the two\n");
}

TEST_F(inbound_mtls, routes_of_included_files_know_the_profiles) {
  here.files["routes.yml"] = "a: {inbound_mtls_profile: stuff}\nb: {inbound_mtls_profile: staff}\n";
  EXPECT_EQ(errors(own_ports_off +
                   "inbound_mtls_profiles: {staff: {ca_files: [staff.pem]}}\n"
                   "providers: {include: routes.yml}\n"),
            "routes.yml:1:27: a.inbound_mtls_profile: no such profile in inbound_mtls_profiles: \"stuff\"; did you "
            "mean \"staff\"?\n");
}

TEST_F(inbound_mtls, what_cannot_be_trusted_is_an_error_where_it_stands) {
  EXPECT_EQ(errors("entrypoint: {inbound_mtls_profile: staff}\n"),
            "config.yml:1:36: entrypoint.inbound_mtls_profile: no such profile in inbound_mtls_profiles: \"staff\"\n");
  EXPECT_EQ(errors("inbound_mtls_profiles:\n  a:\n  b: {}\n  c: {use_system_cas: false, ca_files: []}\n"),
            "config.yml:2:3: inbound_mtls_profiles.a: expected a mapping with use_system_cas or ca_files, found "
            "nothing\n"
            "config.yml:3:3: inbound_mtls_profiles.b: at least one trust source is required: use_system_cas or "
            "ca_files\n"
            "config.yml:4:3: inbound_mtls_profiles.c: at least one trust source is required: use_system_cas or "
            "ca_files\n");
  EXPECT_EQ(errors("inbound_mtls_profiles:\n"
                   "  a:\n"
                   "    ca_files:\n"
                   "      - staff.pem\n"
                   "      - text.pem\n"
                   "      - cut.pem\n"
                   "      - gone.pem\n"
                   "      - ''\n"
                   "    use_sytem_cas: true\n"),
            "config.yml:5:9: inbound_mtls_profiles.a.ca_files[1]: no certificate in the PEM text\n"
            "config.yml:6:9: inbound_mtls_profiles.a.ca_files[2]: a damaged certificate in the PEM text\n"
            "config.yml:7:9: inbound_mtls_profiles.a.ca_files[3]: no such file: gone.pem (names are relative to the "
            "working directory)\n"
            "config.yml:8:9: inbound_mtls_profiles.a.ca_files[4]: expected the path of a PEM file, found \"\"\n"
            "config.yml:9:5: inbound_mtls_profiles.a.use_sytem_cas: unknown key; did you mean \"use_system_cas\"?\n");
}

TEST_F(inbound_mtls, a_profile_in_error_is_not_reported_again_where_it_is_used) {
  EXPECT_EQ(errors("inbound_mtls_profiles: {a: {ca_files: [gone.pem]}}\nroutes: {x: {port: 81, inbound_mtls_profile: a}}\n"),
            "config.yml:1:40: inbound_mtls_profiles.a.ca_files[0]: no such file: gone.pem (names are relative to the "
            "working directory)\n");
}

}  // namespace
}  // namespace cardea::config
