// Goal: no page that a browser shows can reach the API in its user's name (T17).
#include "api/access.hpp"

#include <gtest/gtest.h>

namespace cardea::api {
namespace {

unsigned status_of(const request_source& source, const char* listen_host = "127.0.0.1",
                   const char* local_address = "127.0.0.1") {
  const auto no = access_rules(listen_host).refuse(source, local_address);
  return no ? no->status : 200;
}

TEST(access, depends_on_the_host_name) {
  const struct {
    const char* host;
    unsigned status;
  } rows[] = {{"localhost", 200},
              {"localhost:8888", 200},
              {"LOCALHOST:8888", 200},
              {"localhost.", 200},
              {"api.localhost:8888", 200},
              {"127.0.0.1:8888", 200},
              {"127.9.9.9", 200},
              {"[::1]:8888", 200},
              {"[::1]", 200},
              {"evil.example", 403},
              {"evil.example:8888", 403},
              {"localhost.evil.example", 403},
              {"evillocalhost", 403},
              {"127.0.0.1.evil.test", 403},
              {"192.168.1.5:8888", 403},
              {"[2001:db8::1]:8888", 403},
              {"", 400},
              {":8888", 400},
              {"localhost:8a", 400},
              {"localhost:1:2", 400},
              {"[::1", 400},
              {"[::1]x", 400},
              {"a@localhost", 400},
              {"localhost/x", 400},
              {"local host", 400}};
  for (const auto& row : rows) EXPECT_EQ(status_of({.host = row.host}), row.status) << row.host;
  EXPECT_EQ(status_of({}), 400) << "without Host";
}

TEST(access, extends_to_the_configured_listen_host_and_the_address_connected_to) {
  EXPECT_EQ(status_of({.host = "cardea.lan:8888"}, "Cardea.LAN"), 200);
  EXPECT_EQ(status_of({.host = "other.lan:8888"}, "cardea.lan"), 403);
  EXPECT_EQ(status_of({.host = "192.168.1.5:8888"}, "", "192.168.1.5"), 200);
  EXPECT_EQ(status_of({.host = "192.168.1.6:8888"}, "", "192.168.1.5"), 403);
  EXPECT_EQ(status_of({.host = "[2001:DB8:0::1]:8888"}, "", "2001:db8::1"), 200);
  EXPECT_EQ(status_of({.host = "rebound.example:8888"}, "", "192.168.1.5"), 403)
      << "a name that resolves to this machine is not this machine";
}

TEST(access, needs_an_origin_that_is_the_host_or_none) {
  const struct {
    const char* host;
    const char* origin;
    unsigned status;
  } rows[] = {
      {"localhost:8888", "http://localhost:8888", 200},
      {"localhost:8888", "HTTP://localhost:8888", 403},  // browsers send lower case: nothing else is one
      {"localhost:8888", "http://LOCALHOST:8888", 200},
      {"localhost", "http://localhost:80", 200},
      {"localhost:80", "http://localhost", 200},
      {"localhost", "https://localhost", 200},
      {"localhost:443", "https://localhost", 200},
      {"[::1]:8888", "http://[::1]:8888", 200},
      {"localhost:8888", "http://localhost", 403},
      {"localhost:8888", "http://localhost:3000", 403},
      {"localhost:8888", "http://127.0.0.1:8888", 403},
      {"localhost:8888", "https://evil.example", 403},
      {"localhost:8888", "http://localhost:8888.evil.example", 403},
      {"localhost:8888", "http://evil.example/http://localhost:8888", 403},
      {"localhost:8888", "null", 403},
      {"localhost:8888", "", 403},
      {"localhost:8888", "file://", 403},
      {"localhost:8888", "chrome-extension://localhost:8888", 403}};
  for (const auto& row : rows)
    EXPECT_EQ(status_of({.host = row.host, .origin = row.origin}), row.status)
        << row.host << " " << row.origin;
}

TEST(access, heeds_what_a_browser_says_about_a_request) {
  const char* const host = "localhost:8888";
  EXPECT_EQ(status_of({.host = host, .origin = {}, .fetch_mode = "no-cors"}), 403);
  EXPECT_EQ(status_of({.host = host, .origin = {}, .fetch_mode = "No-CORS"}), 403);
  EXPECT_EQ(status_of({.host = host, .fetch_site = "cross-site"}), 403);
  EXPECT_EQ(status_of({.host = host, .origin = {}, .fetch_mode = "navigate", .fetch_site = "cross-site"}),
            403);
  EXPECT_EQ(status_of({.host = host, .origin = {}, .fetch_mode = "cors", .fetch_site = "same-origin"}), 200);
  EXPECT_EQ(status_of({.host = host, .origin = {}, .fetch_mode = "navigate", .fetch_site = "none"}), 200);
  EXPECT_EQ(status_of({.host = host, .origin = {}, .fetch_mode = "websocket", .fetch_site = "same-origin"}),
            200);
}

}  // namespace
}  // namespace cardea::api
