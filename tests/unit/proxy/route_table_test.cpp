#include "proxy/routing/route_table.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy::routing {
namespace {

std::vector<route> named(std::initializer_list<const char*> names) {
  std::vector<route> out;
  for (const char* name : names) out.emplace_back().name = name;
  return out;
}

std::string found(const route_table& table, std::string_view host) {
  const std::size_t index = table.find(host);
  return index == route_table::none ? "-" : table.routes()[index].name;
}

TEST(route_table, without_match_domains_an_alias_answers_for_any_domain) {
  const route_table table(named({"app", "www.example.com"}), {});
  EXPECT_EQ(found(table, "app.example.com"), "app");
  EXPECT_EQ(found(table, "app.other.org:8443"), "app");
  EXPECT_EQ(found(table, "app"), "app");
  EXPECT_EQ(found(table, "www.example.com"), "www.example.com");
  EXPECT_EQ(found(table, "www.other.org"), "-");
  EXPECT_EQ(found(table, "x.app"), "-");
}

TEST(route_table, with_match_domains_an_alias_answers_below_these_only) {
  const route_table table(named({"app"}), {"a.test", "b.test"});
  EXPECT_EQ(found(table, "app.a.test"), "app");
  EXPECT_EQ(found(table, "app.b.test"), "app");
  EXPECT_EQ(found(table, "app"), "app");
  EXPECT_EQ(found(table, "app.c.test"), "-");
  EXPECT_EQ(found(table, "a.test"), "-");
}

TEST(route_table, t06_host_is_compared_without_case_port_and_final_dot) {
  const route_table table(named({"www.example.com"}), {});
  for (const char* host : {"WWW.Example.COM", "www.example.com.", "www.example.com:443", "www.example.com.:443"})
    EXPECT_EQ(found(table, host), "www.example.com") << host;
}

TEST(route_table, a_wildcard_answers_for_one_label_and_after_exact_names) {
  const route_table table(named({"*.example.com", "app"}), {"example.com"});
  EXPECT_EQ(found(table, "x.example.com"), "*.example.com");
  EXPECT_EQ(found(table, "app.example.com"), "app");
  EXPECT_EQ(found(table, "a.b.example.com"), "-");
  EXPECT_EQ(found(table, "example.com"), "-");
}

TEST(route_table, survives_hosts_that_are_no_names) {
  const route_table table(named({"app"}), {});
  for (const char* host : {"", ".", ":80", "[::1]:443", "[::1]"}) EXPECT_EQ(found(table, host), "-") << host;
  EXPECT_EQ(found(table, std::string(300, 'a')), "-");
}

}  // namespace
}  // namespace cardea::proxy::routing
