// Goal: where packets, records and reads happen to be cut changes nothing. Method:
// one conversation, cut at random places on both sides, compared with itself uncut.
#include "tests/support/proxy_under_test.hpp"

#include <random>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::tls_client;

const std::string request =
    "POST /a HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\nConnection: x-hop\r\nX-Hop: "
    "1\r\nX-Long: " +
    std::string(3000, 'l') + "\r\n\r\n1;a=\"b;c\"\r\nh\r\n4\r\nello\r\n800\r\n" + std::string(0x800, 'b') +
    "\r\n0\r\nX-Sum: 7\r\n\r\n";
const std::string response =
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nKeep-Alive: x\r\nTransfer-Encoding: "
    "chunked\r\n"
    "X-Long: " +
    std::string(5000, 'l') + "\r\n\r\n5\r\nhello\r\n1000;x\r\n" + std::string(0x1000, 'r') +
    "\r\n0\r\nX-T: 1\r\n\r\n";

/// Writes `bytes` in pieces of 1 to `size_max` bytes, each in its own record.
void write_in_pieces(tests::byte_stream& to, std::string_view bytes, std::mt19937& random,
                     std::size_t size_max) {
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(bytes.size(), random() % size_max + 1);
    to.write(bytes.substr(0, size));
    if (random() % 8 == 0) std::this_thread::yield();
    bytes.remove_prefix(size);
  }
}

struct conversation {
  std::string backend_got;  ///< the head, then body and trailers
  std::string client_got;   ///< head, body and trailers of both responses
};

conversation converse(unsigned seed, std::size_t size_max, bool tls) {
  const tests::test_ca ca("backend CA");
  const raw_origin origin(
      [=](raw_origin::connection& each) {
        std::mt19937 random(seed + 1);
        while (!each.request().head.empty()) write_in_pieces(each.stream(), response, random, size_max);
      },
      tls ? std::optional(ca.issue("DNS:backend.test")) : std::nullopt);
  routing::route route = tests::route_to(origin.port());
  route.upstream.backends[0].tls = tls;
  route.upstream.backends[0].tls_options.verify = false;
  const proxy_under_test proxy({route});
  tls_client client = proxy.connect();
  std::mt19937 random(seed);
  conversation out;
  for (int round = 0; round < 3; ++round) {
    write_in_pieces(client.stream(), request, random, size_max);
    for (const bool interim : {true, false}) {
      const tests::http_answer answer = client.answer();
      EXPECT_EQ(answer.status, interim ? 103 : 200);
      EXPECT_TRUE(answer.complete);
      out.client_got += answer.head + "|" + answer.body + "|" + answer.trailers + "|";
    }
  }
  EXPECT_EQ(origin.connections(), 1);
  const std::string port = std::to_string(proxy.port());
  out.backend_got = origin.received();
  for (auto at = out.backend_got.find(port); at != std::string::npos; at = out.backend_got.find(port))
    out.backend_got.replace(at, port.size(), "PORT");
  return out;
}

TEST(random_cut, s31_no_cut_changes_what_either_side_gets) {
  const conversation whole = converse(0, 1'000'000, false);
  ASSERT_NE(whole.client_got.find("hello"), std::string::npos);
  ASSERT_NE(whole.backend_got.find("X-Forwarded-Port: PORT"), std::string::npos) << whole.backend_got;
  unsigned seed = 1;
  for (const bool tls : {false, true}) {
    for (const std::size_t size_max : {3U, 50U, 2000U}) {
      const conversation cut = converse(++seed, size_max, tls);
      EXPECT_EQ(cut.backend_got, whole.backend_got) << "pieces of up to " << size_max << ", seed " << seed;
      EXPECT_EQ(cut.client_got, whole.client_got) << "pieces of up to " << size_max << ", seed " << seed;
    }
  }
}

}  // namespace
}  // namespace cardea::proxy
