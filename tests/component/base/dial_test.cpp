#include "base/dial.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <optional>

namespace cardea::base {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using tcp = asio::ip::tcp;

awaitable<void> keep(endpoints candidates, deadline until, std::optional<result<tcp_socket>>* out) {
  auto socket = co_await connect_first(std::move(candidates), until);
  out->emplace(std::move(socket));
}

class dial : public testing::Test {
 protected:
  dial() : acceptor_(context_, {asio::ip::make_address("127.0.0.1"), 0}) {}

  result<tcp_socket> connect(const endpoints& candidates, clock::duration limit) {
    std::optional<result<tcp_socket>> out;
    asio::co_spawn(context_, keep(candidates, clock::now() + limit, &out), [](std::exception_ptr) {});
    context_.run();
    return std::move(*out);
  }

  [[nodiscard]] tcp::endpoint open() const { return acceptor_.local_endpoint(); }
  [[nodiscard]] tcp::endpoint refused(const char* address) const {
    return {asio::ip::make_address(address), open().port()};
  }

  asio::io_context context_{1};
  tcp_acceptor acceptor_;
};

TEST_F(dial, b33_falls_back_from_ipv6_to_ipv4) {
  const auto socket = connect({refused("::1"), open()}, 5s);
  ASSERT_TRUE(socket) << socket.error().message();
  EXPECT_EQ(socket->remote_endpoint(), open());
}

TEST_F(dial, lists_what_became_of_each_address) {
  const auto socket = connect({refused("127.0.0.2"), refused("127.0.0.3")}, 5s);
  ASSERT_FALSE(socket);
  const std::string port = std::to_string(open().port());
  EXPECT_EQ(socket.error().code, boost::system::errc::connection_refused);
  EXPECT_EQ(socket.error().message(),
            "127.0.0.2:" + port + " Connection refused, 127.0.0.3:" + port + " Connection refused");
}

TEST_F(dial, without_addresses_is_not_found) {
  const auto socket = connect({}, 5s);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, errc::not_found);
}

TEST_F(dial, after_the_deadline_is_timed_out) {
  const auto socket = connect({open()}, 0s);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, errc::timed_out);
}

// A listener whose queue is full drops SYNs: the loopback stand-in for a black hole.
TEST_F(dial, gives_an_address_that_swallows_packets_only_its_share_of_the_time) {
  tcp_acceptor full(context_);
  full.open(tcp::v4());
  full.bind({asio::ip::make_address("127.0.0.1"), 0});
  ::listen(full.native_handle(), 0);
  std::vector<tcp_socket> fillers;
  for (int i = 0; i < 16; ++i) {
    tcp_socket filler(context_, tcp::v4());
    filler.native_non_blocking(true);
    const tcp::endpoint peer = full.local_endpoint();
    ::connect(filler.native_handle(), peer.data(), static_cast<socklen_t>(peer.size()));
    fillers.push_back(std::move(filler));
  }
  const auto begin = clock::now();
  const auto socket = connect({full.local_endpoint(), open()}, 1s);
  const auto took = clock::now() - begin;
  ASSERT_TRUE(socket) << socket.error().message();
  EXPECT_EQ(socket->remote_endpoint(), open());
  EXPECT_GE(took, 450ms) << "the first address was not the black hole that this test needs";
  EXPECT_LT(took, 950ms);
}

}  // namespace
}  // namespace cardea::base
