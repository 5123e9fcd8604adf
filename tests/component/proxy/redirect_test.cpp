// Goal: what comes without TLS is sent to where there is some, and nowhere else.
#include "tests/support/proxy_under_test.hpp"

namespace cardea::proxy {
namespace {

using tests::byte_stream;
using tests::http_answer;
using tests::proxy_under_test;
using tests::raw_origin;

class redirect : public testing::Test {
 protected:
  redirect() : origin_(raw_origin::answering(tests::ok())), proxy_(origin_, section()) {}

  static config::entrypoint_section section() {
    config::entrypoint_section out;
    out.http_addr = "some port";
    return out;
  }
  [[nodiscard]] std::string place(const std::string& path) const {
    return "https://app.test:" + std::to_string(proxy_.port()) + path;
  }

  const raw_origin origin_;
  const proxy_under_test proxy_;
};

TEST_F(redirect, keeps_host_path_query_and_method) {
  const struct {
    const char* request;
    const char* path;
  } cases[] = {
      {"GET / HTTP/1.1\r\nHost: app.test\r\n\r\n", "/"},
      {"GET /a/b?c=%2f HTTP/1.1\r\nHost: app.test:80\r\n\r\n", "/a/b?c=%2f"},
      {"POST /form HTTP/1.1\r\nHost: app.test\r\nContent-Length: 0\r\n\r\n", "/form"},
      {"GET http://app.test/x HTTP/1.1\r\nHost: app.test\r\n\r\n", "/x"},
      {"OPTIONS * HTTP/1.1\r\nHost: app.test\r\n\r\n", "/"},
  };
  for (const auto& each : cases) {
    byte_stream client = byte_stream::connect(proxy_.clear_port());
    client.write(each.request);
    const http_answer answer = tests::read_answer(client);
    EXPECT_EQ(answer.status, 308) << each.request;
    EXPECT_EQ(answer.value("Location"), place(each.path)) << each.request;
  }
  EXPECT_EQ(origin_.received(), "");
}

TEST_F(redirect, refuses_what_names_no_place) {
  for (const char* request :
       {"GET / HTTP/1.0\r\n\r\n", "CONNECT app.test:443 HTTP/1.1\r\nHost: app.test:443\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: app.test\r\nContent-Length : 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n"}) {
    byte_stream client = byte_stream::connect(proxy_.clear_port());
    client.write(request);
    const http_answer answer = tests::read_answer(client);
    EXPECT_EQ(answer.status, 400) << request;
    EXPECT_FALSE(answer.has("Location"));
  }
}

TEST_F(redirect, s33_a_body_is_no_request) {
  byte_stream client = byte_stream::connect(proxy_.clear_port());
  const std::string smuggled = tests::get("/smuggled");
  client.write("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: " + std::to_string(smuggled.size()) +
               "\r\n\r\n" + smuggled);
  EXPECT_EQ(tests::read_answer(client).status, 308);
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(client.end(), tests::stream_end::orderly);
}

}  // namespace
}  // namespace cardea::proxy
