// Goal: late, forged, cut and missing answers become the right value in bounded
// time. Method: one exchange with sockets that the test answers itself.
#include "base/dns_client.hpp"

#include "tests/support/name_server.hpp"
#include "tests/support/run_coroutine.hpp"

#include <gtest/gtest.h>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <functional>
#include <thread>

namespace cardea::base {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

// A question for the TXT of "a.test", id 0x1234, no EDNS.
const std::string question(
    "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01\x61\x04test\x00\x00\x10\x00\x01", 24);

std::string answer_to(std::string message, unsigned char more_flags = 0) {
  message[2] = static_cast<char>(0x80U | more_flags);
  return message;
}

class dns_exchange : public testing::Test {
 protected:
  dns_exchange() : port_(tests::free_port()), udp_(context_, {asio::ip::address_v4::loopback(), port_}) {}

  using replies = std::function<std::vector<std::string>(const std::string& query)>;

  /// Answers `count` datagrams, then `after` runs.
  static awaitable<void> answer_udp(udp_socket& socket, int count, replies with,
                                    std::function<void()> after) {
    for (int i = 0; i < count; ++i) {
      std::string in(4096, '\0');
      asio::ip::udp::endpoint from;
      const auto buffer = asio::buffer(in);
      const auto [failure, size] = co_await socket.async_receive_from(buffer, from, as_result);
      if (failure) co_return;
      in.resize(size);
      for (const std::string& each : with(in)) {
        error_code ignored;
        socket.send_to(asio::buffer(each), from, 0, ignored);
      }
    }
    if (after) after();
  }

  /// Reads one framed message and sends `reply` as it is; the connection stays open for `linger`.
  static awaitable<void> answer_tcp(tcp_acceptor& acceptor, std::string reply,
                                    std::chrono::milliseconds linger, std::size_t& received) {
    auto [failure, socket] = co_await acceptor.async_accept(as_result);
    if (failure) co_return;
    std::string head(2, '\0');
    const auto head_buffer = asio::buffer(head);
    co_await asio::async_read(socket, head_buffer, as_result);
    std::string message(static_cast<unsigned char>(head[0]) * 256U + static_cast<unsigned char>(head[1]),
                        '\0');
    const auto message_buffer = asio::buffer(message);
    co_await asio::async_read(socket, message_buffer, as_result);
    received = message.size();
    const auto out = asio::buffer(reply);
    co_await asio::async_write(socket, out, as_result);
    co_await sleep_for(linger);
  }

  void on_udp(int count, replies with, std::function<void()> after = {}) {
    asio::co_spawn(context_, answer_udp(udp_, count, std::move(with), std::move(after)),
                   [](std::exception_ptr failure) { EXPECT_EQ(failure, nullptr); });
  }
  void on_tcp(std::string reply, std::chrono::milliseconds linger = 0ms) {
    tcp_.open(asio::ip::tcp::v4());
    tcp_.set_option(asio::socket_base::reuse_address(true));
    tcp_.bind({asio::ip::address_v4::loopback(), port_});
    tcp_.listen();
    asio::co_spawn(context_, answer_tcp(tcp_, std::move(reply), linger, tcp_received_),
                   [](std::exception_ptr failure) { EXPECT_EQ(failure, nullptr); });
  }

  result<std::string> exchange(std::string message = question, dns_timing timing = {200ms, 2}) {
    return tests::run(context_, base::dns_exchange(std::move(message),
                                                   address::from_parts("127.0.0.1", port_).value(), timing));
  }

  asio::io_context context_{1};
  std::uint16_t port_;
  udp_socket udp_;
  tcp_acceptor tcp_{context_};
  std::size_t tcp_received_ = 0;
};

std::string framed(const std::string& message) {
  return std::string{static_cast<char>(message.size() >> 8U), static_cast<char>(message.size() & 255U)} +
         message;
}

TEST_F(dns_exchange, passes_over_datagrams_that_do_not_answer_its_question) {
  on_udp(1, [](const std::string& query) {
    std::string other_id = answer_to(query);
    other_id[0] = 0x55;
    std::string other_name = answer_to(query);
    other_name[13] = 'b';
    std::string other_type = answer_to(query);
    other_type[21] = 1;
    std::string other_opcode = answer_to(query, 0x28);
    std::string too_long = answer_to(query);
    too_long[5] = 2;
    std::string right = answer_to(query);
    right[13] = 'A';  // names are compared without case
    return std::vector<std::string>{
        "", query, query.substr(0, 11), other_id, other_name, other_type, other_opcode, too_long, right};
  });
  const auto reply = exchange();
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ((*reply)[13], 'A');
}

TEST_F(dns_exchange, accepts_an_error_without_the_question) {
  on_udp(1, [](const std::string& query) {
    std::string reply = answer_to(query).substr(0, 12);
    reply[3] = 1;  // FORMERR
    reply[5] = 0;
    return std::vector<std::string>{reply};
  });
  const auto reply = exchange();
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(reply->size(), 12U);
}

TEST_F(dns_exchange, repeats_a_lost_message) {
  int seen = 0;
  on_udp(2, [&](const std::string& query) {
    return ++seen == 1 ? std::vector<std::string>{} : std::vector<std::string>{answer_to(query)};
  });
  EXPECT_TRUE(exchange());
  EXPECT_EQ(seen, 2);
}

TEST_F(dns_exchange, takes_an_answer_that_comes_together_with_the_deadline) {
  // The thread is kept busy until both are there.
  on_udp(
      1, [](const std::string& query) { return std::vector<std::string>{answer_to(query)}; },
      [] { std::this_thread::sleep_for(80ms); });
  const auto reply = exchange(question, {50ms, 1});
  EXPECT_TRUE(reply) << reply.error().message();
}

TEST_F(dns_exchange, reports_a_port_where_nobody_listens_at_once) {
  udp_.close();
  const auto begin = clock::now();
  const auto reply = exchange(question, {5s, 3});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().message(), "127.0.0.1:" + std::to_string(port_) + ": Connection refused");
  EXPECT_LT(clock::now() - begin, 2s);
}

TEST_F(dns_exchange, repeats_a_truncated_answer_by_tcp) {
  on_udp(1, [](const std::string& query) { return std::vector<std::string>{answer_to(query, 2)}; });
  const std::string full = answer_to(question) + "the rest";
  on_tcp(framed(full));
  const auto reply = exchange();
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(*reply, full);
}

TEST_F(dns_exchange, sends_what_is_too_long_for_udp_by_tcp_only) {
  const std::string message = question + std::string(600, 'x');
  on_tcp(framed(answer_to(question)));
  const auto reply = exchange(message);
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(tcp_received_, message.size());
}

TEST_F(dns_exchange, says_how_tcp_failed) {
  const struct {
    std::string reply;
    const char* says;
  } rows[] = {{"", "End of file"},
              {framed(answer_to(question)).substr(0, 20), "End of file"},
              {framed("short"), "answered something else"},
              {framed(question), "answered something else"}};
  for (const auto& row : rows) {
    on_tcp(row.reply);
    const auto reply = exchange(question + std::string(600, 'x'));
    tcp_.close();
    ASSERT_FALSE(reply);
    EXPECT_NE(reply.error().message().find(row.says), std::string::npos) << reply.error().message();
    EXPECT_TRUE(reply.error().message().starts_with("127.0.0.1:")) << reply.error().message();
  }
}

TEST_F(dns_exchange, bounds_a_tcp_answer_that_does_not_come) {
  on_tcp(framed(answer_to(question)).substr(0, 20), 600ms);
  const auto reply = exchange(question + std::string(600, 'x'), {100ms, 2});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, errc::timed_out) << reply.error().message();
}

}  // namespace
}  // namespace cardea::base
