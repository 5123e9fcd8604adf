// Goal: GoDoxy's access_log is read as its documentation says, and what it cannot mean is refused with its place.
#include "config/sections/access_log.hpp"

#include "tests/unit/config/fixture.hpp"

#include <gtest/gtest.h>

namespace cardea::config {
namespace {

using std::chrono::hours;
using test::load_main;

access_log_section read(const std::string& section) {
  const load_result out = load_main("entrypoint:\n  access_log: " + section + "\n");
  EXPECT_TRUE(out.loaded) << section << '\n' << format_issues(out.errors);
  if (!out.loaded || !out.loaded->entrypoint.access_log) return {};
  return *out.loaded->entrypoint.access_log;
}

std::string errors_of(const std::string& section) {
  return format_issues(load_main("entrypoint:\n  access_log: " + section + "\n").errors);
}

log_retention retention(const std::string& text) { return read("{path: a.log, retention: " + text + "}").retention; }

TEST(access_log_section, is_not_there_unless_it_is_written) {
  for (const char* text : {"entrypoint: {}\n", "entrypoint: {access_log: }\n", "entrypoint: {access_log: {}}\n"}) {
    const load_result out = load_main(text);
    ASSERT_TRUE(out.loaded) << text;
    EXPECT_EQ(out.loaded->entrypoint.access_log, nullptr) << text;
  }
}

TEST(access_log_section, has_the_defaults_of_godoxy) {
  const access_log_section out = read("{path: logs/access.log}");
  EXPECT_EQ(out.path, "logs/access.log");
  EXPECT_FALSE(out.to_stdout);
  EXPECT_EQ(out.format, access_log_format::combined);
  EXPECT_EQ(out.retention, (log_retention{log_retention::kind::age, 30 * 86'400}));
  EXPECT_EQ(out.rotate_interval, hours(1));
  EXPECT_EQ(out.headers, (field_policy{field_mode::drop, {}}));
  EXPECT_EQ(out.query, (field_policy{field_mode::keep, {}}));
  EXPECT_EQ(out.cookies, (field_policy{field_mode::drop, {}}));
  EXPECT_TRUE(read("{stdout: true}").to_stdout);
}

TEST(access_log_section, keeps_lines_for_days_by_number_or_by_size) {
  using kind = log_retention::kind;
  EXPECT_EQ(retention("1 day"), (log_retention{kind::age, 86'400}));
  EXPECT_EQ(retention("10 days"), (log_retention{kind::age, 864'000}));
  EXPECT_EQ(retention("2 weeks"), (log_retention{kind::age, 14 * 86'400}));
  EXPECT_EQ(retention("3 months"), (log_retention{kind::age, 90 * 86'400}));
  EXPECT_EQ(retention("last 100"), (log_retention{kind::lines, 100}));
  EXPECT_EQ(retention("100 KB"), (log_retention{kind::bytes, 102'400}));
  EXPECT_EQ(retention("1 GB"), (log_retention{kind::bytes, 1U << 30U}));
  EXPECT_EQ(retention("8 Mb"), (log_retention{kind::bytes, 1U << 20U})) << "bits, as GoDoxy has it";
  EXPECT_EQ(retention("{last: 7}"), (log_retention{kind::lines, 7}));
  EXPECT_EQ(retention("{keep_size: 64KiB}"), (log_retention{kind::bytes, 65'536}));
  EXPECT_EQ(read("{path: a.log, keep: last 5}").retention, (log_retention{kind::lines, 5})) << "its other name";
}

TEST(access_log_section, filters_and_fields_have_both_spellings) {
  const access_log_section out = read(R"({
    path: a.log, format: JSON, rotate_interval: 10m,
    filters: {
      status_codes: {values: ["200-299", 404]}, method: {negative: true, values: [GET]}, host: {values: a.example.com},
      headers: {values: ["X-Key", "X-Other=Value"]}, cidr: {values: [10.0.0.0/8]}},
    fields: {header: {default: redact, config: {Accept: keep}}, queries: {config: {token: drop}}, cookie: {default: keep}}})");
  EXPECT_EQ(out.format, access_log_format::json);
  EXPECT_EQ(out.rotate_interval, std::chrono::minutes(10));
  ASSERT_EQ(out.filters.status_codes.values.size(), 2U);
  EXPECT_EQ(out.filters.status_codes.values[0], (status_range{200, 299}));
  EXPECT_EQ(out.filters.status_codes.values[1], (status_range{404, 404}));
  EXPECT_TRUE(out.filters.method.negative);
  EXPECT_EQ(out.filters.host.values, std::vector<std::string>{"a.example.com"});
  ASSERT_EQ(out.filters.headers.values.size(), 2U);
  EXPECT_EQ(out.filters.headers.values[0], (header_match{"X-Key", {}}));
  EXPECT_EQ(out.filters.headers.values[1], (header_match{"X-Other", "Value"}));
  ASSERT_EQ(out.filters.cidr.values.size(), 1U);
  EXPECT_EQ(out.headers, (field_policy{field_mode::redact, {{"Accept", field_mode::keep}}}));
  EXPECT_EQ(out.query, (field_policy{field_mode::keep, {{"token", field_mode::drop}}}));
  EXPECT_EQ(out.cookies.otherwise, field_mode::keep);
}

struct mistake {
  const char* section;
  const char* message;
};

TEST(access_log_section, what_it_cannot_mean_is_refused) {
  constexpr mistake all[] = {
      {"{format: json}", "config.yml:2:3: entrypoint.access_log: path or stdout is required: where the lines go\n"},
      {"{path: a, format: apache}",
       "config.yml:2:33: entrypoint.access_log.format: expected common, combined or json, found \"apache\"\n"},
      {"{path: a, retention: 0 days}",
       "config.yml:2:36: entrypoint.access_log.retention: expected \"N days\", \"N weeks\", \"N months\", \"last N\" (lines) "
       "or a size like \"100 MB\", N at least 1, found \"0 days\"\n"},
      {"{path: a, retention: 3 years}",
       "config.yml:2:36: entrypoint.access_log.retention: expected \"N days\", \"N weeks\", \"N months\", \"last N\" (lines) "
       "or a size like \"100 MB\", N at least 1, found \"3 years\"\n"},
      {"{path: a, retention: {days: 1, last: 2}}",
       "config.yml:2:25: entrypoint.access_log.retention: expected one of days, last and keep_size, not 0\n"},
      {"{path: a, retention: 1 day, keep: last 2}",
       "config.yml:2:49: entrypoint.access_log.keep: is another name of retention; write one of both\n"},
      {"{path: a, filters: {status_codes: {values: [299-200]}}}",
       "config.yml:2:59: entrypoint.access_log.filters.status_codes.values[0]: expected a status like 404 or a range "
       "like 500-599, found \"299-200\"\n"},
      {"{path: a, filters: {cidr: {values: [10.0.0.0/33]}}}",
       "config.yml:2:51: entrypoint.access_log.filters.cidr.values[0]: expected an IP address or a network like "
       "10.0.0.0/8, found \"10.0.0.0/33\"\n"},
      {"{path: a, fields: {headers: {default: hide}}}",
       "config.yml:2:53: entrypoint.access_log.fields.headers.default: expected keep, drop or redact, found \"hide\"\n"},
      {"{path: a, fields: {query: {config: {token: hide}}}}",
       "config.yml:2:58: entrypoint.access_log.fields.query.config.token: expected keep, drop or redact, found \"hide\"\n"},
      {"{path: a, buffer_size: 1}", "config.yml:2:25: entrypoint.access_log.buffer_size: unknown key\n"},
  };
  for (const mistake& one : all) EXPECT_EQ(errors_of(one.section), one.message) << one.section;
}

TEST(access_log_section, two_logs_in_one_file_keep_it_for_the_same_time) {
  const auto errors = [](const std::string& of_route) {
    return format_issues(load_main("entrypoint: {access_log: {path: logs/a.log}}\nroutes:\n  app: {port: 81, access_log: " +
                                   of_route + "}\n")
                             .errors);
  };
  EXPECT_EQ(errors("{path: logs/a.log, format: json}"), "");
  EXPECT_EQ(errors("{path: logs/b.log, keep: last 5}"), "");
  EXPECT_EQ(errors("{path: logs/./a.log, keep: last 5}"),
            "config.yml:3:3: routes.app.access_log: logs/a.log is another access log's file, with another retention or "
            "rotate_interval; write the same for both\n");
}

TEST(access_log_section, of_a_stream_is_refused) {
  EXPECT_EQ(format_issues(load_main("routes: {db: {scheme: tcp, port: '5432:5432', access_log: {stdout: true}}}\n").errors),
            "config.yml:1:47: routes.db.access_log: routes of scheme tcp and udp carry no requests to log; remove it\n");
}

}  // namespace
}  // namespace cardea::config
