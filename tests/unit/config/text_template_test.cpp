// Goal: a template says what is filled in, and no template lets a client choose a host (T16).
#include "config/sections/text_template.hpp"

#include <gtest/gtest.h>

namespace cardea::config {
namespace {

const std::vector<std::string> names{"a", "rest"};

TEST(text_template, t16_no_location_lets_a_client_choose_the_host) {
  for (const char* text :
       {"//evil.test/", "{a}", "{a}/x", "$host/x", "https://{a}.example.com/", "https://example.com{rest}",
        "https://example.com:{a}/", "https://$host{a}/", "https://$host.evil.test{rest}", "https://$host@evil.test/",
        "https://user@example.com/", "https://$query/", "https:///x", "https://", "ftp://example.com/", "x", "",
        "$port", "$scheme://example.com/", "https://example.com$host", "https://$hostx/", "https://[::1/"})
    EXPECT_FALSE(parse_location(text, names, true).found) << text;
  for (const char* text :
       {"/x", "/{a}/{rest}", "$path", "$uri", "$rest", "/new$rest$query", "https://example.com", "https://example.com/",
        "https://example.com$uri", "https://example.com:8443$path$query", "https://$host/x", "https://$host",
        "https://$host:8443$uri", "http://[::1]:80/x?y={a}", "https://example.com?x={a}", "/a?b=$host&c=$port&d=$scheme#e"})
    EXPECT_TRUE(parse_location(text, names, true).found) << text << ": " << parse_location(text, names, true).why;
}

TEST(text_template, a_location_names_only_what_there_is) {
  EXPECT_EQ(parse_location("/{b}", names, true).why, "{b} is no parameter of the pattern");
  EXPECT_EQ(parse_location("/{a", names, true).why, "{} is no parameter of the pattern");
  EXPECT_EQ(parse_location("/$rest", names, false).why, "$rest is no variable here");
  EXPECT_EQ(parse_location("/$remote_host", names, true).why, "$remote_host is no variable here");
  EXPECT_EQ(parse_location("/a b", names, true).why, "' ' cannot stand here; write it as %XX");
  EXPECT_TRUE(parse_location("/$$", names, true).found);
}

TEST(text_template, a_rewrite_is_a_path_and_nothing_else) {
  for (const char* text : {"/v2/{a}", "/x$rest", "$rest"}) EXPECT_TRUE(parse_rewrite(text, names, true).found) << text;
  for (const char* text : {"/a?b", "/a#b", "x", "https://a/", "/$host", "/$query", ""})
    EXPECT_FALSE(parse_rewrite(text, names, true).found) << text;
}

TEST(text_template, godoxys_variables_are_known_and_others_stay_as_they_are) {
  std::vector<std::string> unknown;
  const text_template found = parse_field_template("a $req_host-$header(X-A) $$5 $nope $status_code $ x", false, unknown);
  ASSERT_EQ(found.parts.size(), 5U);
  EXPECT_EQ(found.parts[0].text, "a ");
  EXPECT_EQ(found.parts[1].value, template_value::req_host);
  EXPECT_EQ(found.parts[2].text, "-");
  EXPECT_EQ(found.parts[3].value, template_value::header);
  EXPECT_EQ(found.parts[3].text, "X-A");
  EXPECT_EQ(found.parts[4].text, " $5 $nope $status_code $ x");
  EXPECT_EQ(unknown, (std::vector<std::string>{"$nope", "$status_code"}));
  unknown.clear();
  EXPECT_EQ(parse_field_template("$status_code$resp_header(X)", true, unknown).parts.size(), 2U);
  EXPECT_TRUE(unknown.empty());
}

}  // namespace
}  // namespace cardea::config
