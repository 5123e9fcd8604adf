#include "proxy/http/header_table.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace cardea::proxy::http {
namespace {

const std::vector<std::pair<std::string, field_id>> known_names{
    {"accept-encoding", field_id::accept_encoding},
    {"authorization", field_id::authorization},
    {"connection", field_id::connection},
    {"content-length", field_id::content_length},
    {"content-type", field_id::content_type},
    {"cookie", field_id::cookie},
    {"date", field_id::date},
    {"expect", field_id::expect},
    {"forwarded", field_id::forwarded},
    {"host", field_id::host},
    {"http2-settings", field_id::http2_settings},
    {"if-modified-since", field_id::if_modified_since},
    {"if-none-match", field_id::if_none_match},
    {"if-range", field_id::if_range},
    {"keep-alive", field_id::keep_alive},
    {"origin", field_id::origin},
    {"proxy", field_id::proxy},
    {"proxy-authenticate", field_id::proxy_authenticate},
    {"proxy-authorization", field_id::proxy_authorization},
    {"proxy-connection", field_id::proxy_connection},
    {"range", field_id::range},
    {"sec-websocket-version", field_id::sec_websocket_version},
    {"server", field_id::server},
    {"te", field_id::te},
    {"trailer", field_id::trailer},
    {"transfer-encoding", field_id::transfer_encoding},
    {"upgrade", field_id::upgrade},
    {"via", field_id::via},
    {"x-forwarded-for", field_id::x_forwarded_for},
    {"x-forwarded-host", field_id::x_forwarded_host},
    {"x-forwarded-method", field_id::x_forwarded_method},
    {"x-forwarded-port", field_id::x_forwarded_port},
    {"x-forwarded-prefix", field_id::x_forwarded_prefix},
    {"x-forwarded-proto", field_id::x_forwarded_proto},
    {"x-forwarded-uri", field_id::x_forwarded_uri},
    {"x-real-ip", field_id::x_real_ip},
};

TEST(field_id, every_identity_has_its_name_in_any_case) {
  ASSERT_EQ(known_names.size() + 1, static_cast<std::size_t>(field_id::count_))
      << "one row for each but `other`";
  for (const auto& [name, id] : known_names) {
    EXPECT_EQ(identify_field(name), id) << name;
    std::string upper = name;
    for (char& c : upper)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    EXPECT_EQ(identify_field(upper), id) << upper;
    upper[0] = name[0];
    EXPECT_EQ(identify_field(upper), id) << upper;
  }
}

TEST(field_id, no_other_byte_is_taken_for_one_of_the_name) {
  for (const auto& [name, id] : known_names)
    for (std::size_t at = 0; at < name.size(); ++at)
      for (int byte = 0; byte < 256; ++byte) {
        std::string changed = name;
        changed[at] = static_cast<char>(byte);
        const bool same =
            byte == name[at] || (name[at] >= 'a' && name[at] <= 'z' && byte == name[at] - 'a' + 'A');
        EXPECT_EQ(identify_field(changed) == id, same) << ::testing::PrintToString(changed);
      }
}

TEST(field_id, longer_and_shorter_names_are_others) {
  for (const auto& [name, id] : known_names) {
    EXPECT_NE(identify_field(name + "s"), id) << name;
    EXPECT_NE(identify_field(name.substr(1)), id) << name;
    EXPECT_NE(identify_field(name.substr(0, name.size() - 1)), id) << name;
  }
  EXPECT_EQ(identify_field(""), field_id::other);
  EXPECT_EQ(identify_field(std::string(300, 'h')), field_id::other);
}

TEST(header_table, finds_the_first_of_equal_names_and_is_full_at_its_capacity) {
  header_table table;
  EXPECT_EQ(table.find(field_id::cookie), nullptr);
  EXPECT_TRUE(table.add({0, 0, 0, 0, field_id::other}));
  EXPECT_TRUE(table.add({1, 0, 0, 0, field_id::cookie}));
  EXPECT_TRUE(table.add({2, 0, 0, 0, field_id::cookie}));
  ASSERT_NE(table.find(field_id::cookie), nullptr);
  EXPECT_EQ(table.find(field_id::cookie)->name_offset, 1U);
  EXPECT_FALSE(table.has(field_id::host));
  while (table.size() < header_table::capacity) ASSERT_TRUE(table.add({0, 0, 0, 0, field_id::host}));
  EXPECT_FALSE(table.add({0, 0, 0, 0, field_id::te}));
  EXPECT_FALSE(table.has(field_id::te));
  table.clear();
  EXPECT_EQ(table.size(), 0U);
  EXPECT_FALSE(table.has(field_id::cookie));
}

}  // namespace
}  // namespace cardea::proxy::http
