#pragma once

#include "proxy/access_log/entry.hpp"
#include "proxy/http1/request_parser.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cardea::tests {

/// An entry for a request that is given as its bytes.
struct request_of {
  explicit request_of(std::string text) : bytes(std::move(text)) {
    const proxy::http1::head_limits limits{64 * 1024, 64 * 1024, 128};  // outlives the parser
    proxy::http1::request_parser parser(limits);
    EXPECT_EQ(parser.parse(bytes, head), proxy::http1::parse_status::done) << bytes;
    client.address = "192.0.2.7";
    what.client = &client;
    what.head = &head;
    what.bytes = bytes.data();
    what.status = 200;
  }
  request_of(const request_of&) = delete;
  request_of& operator=(const request_of&) = delete;

  std::string bytes;
  proxy::http::request_head head;
  proxy::http::client_info client;
  proxy::access_log::entry what;
};

/// "GET TARGET" for app.test with more field lines, each with its CRLF.
[[nodiscard]] inline std::string get_of(const std::string& target, const std::string& fields = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: app.test\r\n" + fields + "\r\n";
}

}  // namespace cardea::tests
