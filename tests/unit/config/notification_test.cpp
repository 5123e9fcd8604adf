#include "tests/unit/config/fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cardea::config {
namespace {

using testing::HasSubstr;

std::string section(const std::string& entry) {
  return "providers:\n  notification:\n    - " + entry + "\n";
}

const notification_section& only(const load_result& from) { return from.loaded->notifications.at(0); }

TEST(notification, each_service_is_read_with_its_defaults) {
  const auto gotify = test::load_main(section("{name: g, provider: gotify, url: 'https://g.test', token: abc}"));
  ASSERT_TRUE(gotify.loaded) << format_issues(gotify.errors);
  EXPECT_EQ(only(gotify).service, notification_service::gotify);
  EXPECT_EQ(only(gotify).token.reveal(), "abc");
  EXPECT_EQ(only(gotify).format, notification_format::markdown);
  const auto ntfy = test::load_main(
      section("{name: n, provider: NTFY, url: 'https://ntfy.sh/', topic: certs, format: plain}"));
  ASSERT_TRUE(ntfy.loaded) << format_issues(ntfy.errors);
  EXPECT_EQ(only(ntfy).topic, "certs");
  EXPECT_EQ(only(ntfy).format, notification_format::plain);
  const auto hook = test::load_main(section("{name: w, provider: webhook, url: 'http://h.test/x', payload: "
                                            "'{\"t\": $title}', headers: {X-Key: s3cr3t}, method: put}"));
  ASSERT_TRUE(hook.loaded) << format_issues(hook.errors);
  EXPECT_EQ(only(hook).method, "PUT");
  EXPECT_EQ(only(hook).mime_type, payload_type::json);
  EXPECT_FALSE(only(hook).decimal_color);
  EXPECT_EQ(only(hook).headers.at(0).second.reveal(), "s3cr3t");
}

TEST(notification, the_discord_template_decides_method_type_and_colour) {
  const auto loaded = test::load_main(
      section("{name: d, provider: webhook, url: 'https://discord.test/api/webhooks/1/x', template: discord, "
              "method: GET, mime_type: text/plain, color_mode: hex}"));
  ASSERT_TRUE(loaded.loaded) << format_issues(loaded.errors);
  EXPECT_EQ(only(loaded).method, "POST");
  EXPECT_EQ(only(loaded).mime_type, payload_type::json);
  EXPECT_TRUE(only(loaded).decimal_color);
  EXPECT_THAT(only(loaded).payload.reveal(), HasSubstr("embeds"));
}

TEST(notification, placeholders_are_replaced_in_one_pass) {
  const payload_values with{"$message", "m", "f", "c"};
  EXPECT_EQ(fill_payload("$title $message $fields $color $$titles $x $", with), "$message m f c $$messages $x $");
  EXPECT_EQ(fill_payload("", with), "");
}

TEST(notification, what_is_wrong_is_told_with_its_place) {
  const struct {
    const char* entry;
    const char* said;
  } rows[] = {
      {"{provider: gotify, url: 'http://a.test', token: t}", "missing field name"},
      {"{name: a, url: 'http://a.test'}", "missing field provider"},
      {"{name: a, provider: discord, url: 'http://a.test'}", "template: discord"},
      {"{name: a, provider: gotify, token: t}", "missing field url"},
      {"{name: a, provider: gotify, url: 'ftp://a.test', token: t}", "expected an http:// or https:// address"},
      {"{name: a, provider: gotify, url: 'http://a.test'}", "missing field token"},
      {"{name: a, provider: ntfy, url: 'http://a.test'}", "missing field topic"},
      {"{name: a, provider: ntfy, url: 'http://a.test', topic: /x}", "without a slash"},
      {"{name: a, provider: ntfy, url: 'http://a.test', topic: x, format: html}", "markdown, plain"},
      {"{name: a, provider: ntfy, url: 'http://a.test', topic: x, payload: y}", "unknown key"},
      {"{name: a, provider: webhook, url: 'http://a.test'}", "missing field payload"},
      {"{name: a, provider: webhook, url: 'http://a.test', payload: 'no json'}", "not JSON once"},
      {"{name: a, provider: webhook, url: 'http://a.test', payload: '{\"a\": \"$title\"}'}", "not JSON once"},
      {"{name: a, provider: webhook, url: 'http://a.test', payload: [x]}", "expected text"},
      {"{name: a, provider: webhook, url: 'http://a.test', payload: x, mime_type: text, method: DELETE}",
       "get, post, put"},
      {"{name: a, provider: webhook, url: 'http://a.test', payload: x, mime_type: html}", "text/plain"},
      {"{name: a, provider: webhook, url: 'http://a.test', template: slack}", "discord"},
      {"{name: a, provider: webhook, url: 'http://a.test', payload: x, mime_type: text, color_mode: rgb}",
       "hex, dec"},
      {"{name: a, provider: webhook, url: 'http://a.test', payload: x, mime_type: text, headers: {Host: b}}",
       "not a field that may be set here"},
      {"{name: a, provider: ntfy, url: 'http://a.test', topic: x}\n    - {name: a, provider: ntfy, url: "
       "'http://a.test', topic: y}",
       "duplicate name, first at line 3"},
  };
  for (const auto& row : rows) {
    const auto loaded = test::load_main(section(row.entry));
    EXPECT_FALSE(loaded.loaded) << row.entry;
    const std::string printed = format_issues(loaded.errors);
    EXPECT_THAT(printed, HasSubstr(row.said)) << row.entry;
    EXPECT_THAT(printed, HasSubstr("providers.notification[")) << row.entry;
  }
}

TEST(notification, b92_secrets_are_in_no_message) {
  for (const char* entry :
       {"{name: a, provider: gotify, url: 'ftp://c4n4ry.test/c4n4ry', token: [c4n4ry]}",
        "{name: a, provider: webhook, url: 'https://u:c4n4ry@a.test/', payload: '{c4n4ry'}",
        "{name: a, provider: webhook, url: 'https://a.test/c4n4ry', payload: x, mime_type: text, headers: "
        "{Host: c4n4ry}, token: {c4n4ry: 1}}"}) {
    const auto loaded = test::load_main(section(entry));
    EXPECT_FALSE(loaded.errors.empty()) << entry;
    EXPECT_THAT(format_issues(loaded.errors), testing::Not(HasSubstr("c4n4ry"))) << entry;
  }
}

TEST(notification, no_more_services_than_the_maximum) {
  std::string text = "providers:\n  notification:\n";
  for (int i = 0; i <= 100; ++i)
    text += "    - {name: n" + std::to_string(i) + ", provider: ntfy, url: 'http://a.test', topic: x}\n";
  EXPECT_THAT(format_issues(test::load_main(text).errors), HasSubstr("more than 100 services"));
}

}  // namespace
}  // namespace cardea::config
