// Goal: what costs a client nothing and us much is counted, bounded and ended (C.6).
#include "tests/support/http2_client.hpp"
#include "tests/support/proxy_under_test.hpp"

#include <poll.h>

#include <future>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::h2_answer;
using tests::h2_fields;
using tests::h2_frame;
using tests::http2_client;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
namespace h2 = tests::h2;

/// A proxy with a small account, which a test empties quickly and time does not fill.
config::entrypoint_section strict() {
  config::entrypoint_section section;
  section.limits.http2_flood_points_max = 400;
  section.limits.http2_flood_points_per_second = 1;
  return section;
}

/// Sends `each(i)` again and again; says how many were taken before the connection ended.
template <class Make>
int flood(http2_client& client, const Make& each, int most = 3'000) {
  int sent = 0;
  while (sent < most && client.send(each(sent))) ++sent;
  return sent;
}

/// A flood of such frames ends with ENHANCE_YOUR_CALM, and another client is served meanwhile.
template <class Make>
void expect_calmed(const std::string& what, const Make& each, int most = 3'000) {
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin, strict());
  http2_client client(proxy.port());
  ASSERT_EQ(client.ask(1, http2_client::request()).status, 200) << what;
  flood(client, each, most);
  EXPECT_EQ(client.goaway().value_or(0), h2::enhance_your_calm) << what;
  client.stream().close();
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().http2_floods == 1; })) << "F10: " << what;
  http2_client other(proxy.port());
  EXPECT_EQ(other.ask(1, http2_client::request()).status, 200) << what;
}

std::uint32_t stream_number(int i) { return static_cast<std::uint32_t>(2 * i + 3); }

TEST(http2_flood, f01_rapid_reset_ends_the_connection) {
  expect_calmed("HEADERS and RST_STREAM", [](int i) {
    return http2_client::headers(stream_number(i), http2_client::request()) + http2_client::reset(stream_number(i));
  });
}

TEST(http2_flood, f01_streams_count_until_the_work_behind_them_has_ended) {
  config::entrypoint_section section;
  section.limits.http2_streams_max = 5;
  section.limits.connect_timeout = 3s;
  // Nobody accepts beyond the backlog, so that connecting to this backend takes its time.
  tests::reserved_port port;
  const int full = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(full, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port.number());
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(full, reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
  ASSERT_EQ(listen(full, 0), 0);
  std::vector<tests::byte_stream> fill;
  for (int i = 0; i < 2; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    static_cast<void>(::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where));
    fill.emplace_back(fd);
  }
  const proxy_under_test proxy({tests::route_to(port.number())}, section);
  http2_client client(proxy.port());
  for (std::uint32_t stream = 1; stream <= 9; stream += 2)
    client.send(http2_client::headers(stream, http2_client::request()) + http2_client::reset(stream));
  client.send(http2_client::headers(11, http2_client::request()));
  EXPECT_EQ(client.answer(11).reset.value_or(0), h2::refused_stream) << "five are still connecting";
  ::close(full);
}

TEST(http2_flood, f02_resets_that_we_are_made_to_send_count_the_same) {
  const auto open = [](int i) { return http2_client::headers(stream_number(i), http2_client::request("POST"), false); };
  const auto whole = [](int i) { return http2_client::headers(stream_number(i), http2_client::request()); };
  expect_calmed("WINDOW_UPDATE by 0", [&](int i) { return open(i) + http2_client::window_update(stream_number(i), 0); });
  expect_calmed("a window beyond its maximum",
                [&](int i) { return open(i) + http2_client::window_update(stream_number(i), 0x7fffffff); });
  expect_calmed("PRIORITY of a wrong length",
                [&](int i) { return open(i) + http2_client::frame(h2::priority, 0, stream_number(i), "1234"); });
  expect_calmed("PRIORITY on itself", [&](int i) {
    return open(i) + http2_client::frame(h2::priority, 0, stream_number(i), http2_client::u32(stream_number(i)) + '\x01');
  });
  expect_calmed("HEADERS after the end", [&](int i) { return whole(i) + whole(i); });
  expect_calmed("DATA after the end", [&](int i) { return whole(i) + http2_client::data(stream_number(i), "x"); });
  expect_calmed("malformed requests", [&](int i) {
    return http2_client::headers(stream_number(i), http2_client::request("GET", "/", {{"connection", "close"}}));
  });
}

TEST(http2_flood, f02_what_we_reset_counts_until_the_backend_has_let_go) {
  const raw_origin origin([](raw_origin::connection& each) { each.stall(); });
  config::entrypoint_section section = strict();
  section.limits.http2_streams_max = 10;
  const proxy_under_test proxy(origin, section);
  http2_client client(proxy.port());
  for (int i = 0; i < 30; ++i)
    client.send(http2_client::headers(stream_number(i), http2_client::request()) +
                http2_client::window_update(stream_number(i), 0));
  EXPECT_TRUE(client.settle());
  // Ended at once, so that no more than the limit is ever at work.
  EXPECT_LE(origin.connections(), 30);
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(client.state(stream_number(i)).reset) << i;
}

TEST(http2_flood, f03_a_header_block_ends_within_a_few_frames) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  const std::string head = http2_client::block(http2_client::request());
  const auto send_cut = [&](http2_client& client, int continuations, bool ends) {
    client.send(http2_client::frame(h2::headers, h2::end_stream, 1, head));
    for (int i = 1; i <= continuations; ++i)
      client.send(http2_client::frame(h2::continuation, ends && i == continuations ? h2::end_headers : std::uint8_t{0}, 1,
                                      http2_client::block({{"x-" + std::to_string(i), "1"}})));
  };
  http2_client allowed(proxy.port());
  send_cut(allowed, 8, true);
  EXPECT_EQ(allowed.answer(1).status, 200);
  for (const bool ends : {true, false}) {
    http2_client one_more(proxy.port());
    send_cut(one_more, 9, ends);
    EXPECT_EQ(one_more.goaway().value_or(0), h2::enhance_your_calm) << ends;
  }
  http2_client empty(proxy.port());
  empty.send(http2_client::frame(h2::headers, 0, 1));
  flood(empty, [](int) { return http2_client::frame(h2::continuation, 0, 1); });
  EXPECT_EQ(empty.goaway().value_or(0), h2::enhance_your_calm);
  http2_client big(proxy.port());
  big.send(http2_client::frame(h2::headers, 0, 1, head));
  flood(big, [](int) { return http2_client::frame(h2::continuation, 0, 1, std::string(16'384, '\x82')); }, 6);
  EXPECT_EQ(big.goaway().value_or(0), h2::enhance_your_calm);
}

TEST(http2_flood, f04_a_head_that_unfolds_is_refused_while_it_does) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  // An entry of 4,000 bytes enters the table; then one byte each names it 10,000 times.
  const std::string entry = std::string("\x40\x01x\x7f", 4) + "\xa1\x1e" + std::string(4'000, 'b');
  client.send(http2_client::frame(h2::headers, h2::end_stream | h2::end_headers, 1,
                                  http2_client::block(http2_client::request()) + entry));
  EXPECT_EQ(client.answer(1).status, 200);
  const std::string bomb = http2_client::block(http2_client::request()) + std::string(10'000, '\xbe');
  client.send(http2_client::frame(h2::headers, h2::end_stream | h2::end_headers, 3, bomb));
  EXPECT_EQ(client.answer(3).status, 431);
  // The table is still in step.
  client.send(http2_client::frame(h2::headers, h2::end_stream | h2::end_headers, 5,
                                  http2_client::block(http2_client::request()) + '\xbe'));
  EXPECT_EQ(client.answer(5).status, 200);
  EXPECT_NE(origin.received().find("x: " + std::string(4'000, 'b') + "\r\n"), std::string::npos);
  // Huffman codes of five bits unfold by 1.6: 20,480 bytes are 32,768.
  const std::string coded = std::string("\x40\x01y\xff", 4) + "\x81\x9f\x01" + std::string(20'480, '\x00');
  client.send(http2_client::frame(h2::headers, h2::end_stream, 7, http2_client::block(http2_client::request())) +
              http2_client::frame(h2::continuation, 0, 7, coded.substr(0, 16'000)) +
              http2_client::frame(h2::continuation, h2::end_headers, 7, coded.substr(16'000)));
  EXPECT_EQ(client.answer(7).status, 431);
}

TEST(http2_flood, f04_the_table_changes_its_size_at_most_twice_in_a_block) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  const auto with_resizes = [&](int pairs) {
    std::string block;
    for (int i = 0; i < pairs; ++i) block += std::string("\x20\x3f\xe1\x1f", 4);  // to 0, to 4,096
    return http2_client::frame(h2::headers, h2::end_stream | h2::end_headers, 1,
                               block + http2_client::block(http2_client::request()));
  };
  http2_client allowed(proxy.port());
  allowed.send(with_resizes(1));
  EXPECT_EQ(allowed.answer(1).status, 200);
  http2_client more(proxy.port());
  more.send(with_resizes(2));
  EXPECT_EQ(more.goaway().value_or(0), h2::compression_error);
  http2_client larger(proxy.port());
  larger.send(http2_client::frame(h2::headers, h2::end_stream | h2::end_headers, 1,
                                  std::string("\x3f\xe2\x1f", 3) + http2_client::block(http2_client::request())));
  EXPECT_EQ(larger.goaway().value_or(0), h2::compression_error) << "4,097 bytes were not offered";
}

TEST(http2_flood, f05_frames_that_lead_to_nothing_are_counted) {
  expect_calmed("PING", [](int) { return http2_client::ping(); });
  expect_calmed("SETTINGS", [](int) { return http2_client::frame(h2::settings, 0, 0); });
  expect_calmed("SETTINGS with many", [](int) {
    std::string many;
    for (int i = 0; i < 100; ++i) many += http2_client::setting(4, 65'535);
    return http2_client::frame(h2::settings, 0, 0, many);
  });
  expect_calmed("acknowledgements of nothing", [](int) { return http2_client::frame(h2::settings, h2::ack, 0); });
  expect_calmed("PRIORITY", [](int) { return http2_client::frame(h2::priority, 0, 1, http2_client::u32(0) + '\x01'); });
  expect_calmed("PRIORITY_UPDATE",
                [](int) { return http2_client::frame(h2::priority_update, 0, 0, http2_client::u32(1) + "u=1"); });
  expect_calmed("unknown frames", [](int) { return http2_client::frame(0x55, 0, 0, "abc"); });
  expect_calmed("windows by 1", [](int) { return http2_client::window_update(0, 1); });
  const std::string post = http2_client::headers(3, http2_client::request("POST"), false);
  expect_calmed("empty DATA", [&](int i) { return (i == 0 ? post : "") + http2_client::data(3, ""); });
  expect_calmed("padding alone", [&](int i) {
    return (i == 0 ? post : "") + http2_client::frame(h2::data, h2::padded, 3, std::string("\x09", 1) + std::string(9, '\0'));
  });
  expect_calmed("DATA byte by byte", [&](int i) { return (i == 0 ? post : "") + http2_client::data(3, "x"); });
}

TEST(http2_flood, f05_answers_that_nobody_reads_stop_the_reading) {
  config::entrypoint_section section;
  section.limits.http2_flood_points_max = 1'000'000'000;
  section.limits.body_progress_timeout = 1500ms;
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin, section);
  http2_client client(proxy.port(), {}, {.receive_bytes = 4'096});
  std::string pings;
  for (int i = 0; i < 1'000; ++i) pings += http2_client::ping();
  std::size_t taken = 0;
  for (int i = 0; i < 2'000; ++i) {
    const std::size_t part = client.stream().write_until_blocked(pings, 200ms);
    taken += part;
    if (part < pings.size()) break;
  }
  EXPECT_LT(taken, 2'000 * pings.size()) << "the client is held up by its own not reading";
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().connections_open == 0; })) << "and then dropped";
}

TEST(http2_flood, f05_a_client_that_reads_late_gets_every_answer) {
  config::entrypoint_section section;
  section.limits.http2_flood_points_max = 1'000'000'000;
  const proxy_under_test proxy({}, section);
  http2_client client(proxy.port(), {}, {.receive_bytes = 4'096});
  ASSERT_TRUE(client.settle());  // so that nothing has to be sent while answers are read
  constexpr std::size_t ping_bytes = 17;
  std::string pings;
  for (int i = 0; i < 400'000; ++i) pings += http2_client::ping();
  const std::size_t taken = client.stream().write_until_blocked(pings, 300ms);
  ASSERT_GT(taken, 200'000U) << "more than is held for a client at once";
  std::size_t answered = 0;
  while (answered < taken / ping_bytes) {
    const h2_frame got = client.next();
    ASSERT_NE(got.type, 0xff) << answered << " of " << taken / ping_bytes;
    answered += got.type == h2::ping ? 1 : 0;
  }
}

TEST(http2_flood, f05_updates_that_answer_our_frames_cost_nothing) {
  const raw_origin origin(raw_origin::answering(ok("x")));
  const proxy_under_test proxy(origin, strict());
  http2_client client(proxy.port());
  // For each body of one byte the client gives two windows one byte back.
  for (int i = 0; i < 500; ++i) ASSERT_EQ(client.ask(stream_number(i), http2_client::request()).body, "x") << i;
  EXPECT_TRUE(client.settle());
}

TEST(http2_flood, f06_windows_that_stay_shut_do_not_hold_a_backend_for_ever) {
  config::entrypoint_section section;
  section.limits.body_progress_timeout = 400ms;
  const raw_origin origin([](raw_origin::connection& each) {
    if (each.head().empty()) return;
    each.write("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n");
    static_cast<void>(each.stream().write_until_blocked(std::string(10'000'000, 'x'), 3s));
  });
  proxy_under_test proxy(origin, section);
  http2_client client(proxy.port(), http2_client::setting(4, 0));
  for (std::uint32_t stream = 1; stream < 41; stream += 2)
    client.send(http2_client::headers(stream, http2_client::request()));
  for (std::uint32_t stream = 1; stream < 41; stream += 2)
    EXPECT_TRUE(client.answer(stream).reset) << stream;
  EXPECT_TRUE(origin.wait_for_ended(20));
}

TEST(http2_flood, f06_windows_of_a_byte_do_not_either) {
  config::entrypoint_section section;
  section.limits.body_progress_timeout = 600ms;
  const raw_origin origin(raw_origin::answering(ok(std::string(100'000, 'x'))));
  proxy_under_test proxy(origin, section);
  http2_client client(proxy.port(), http2_client::setting(4, 0));
  client.send(http2_client::headers(1, http2_client::request()));
  const auto begin = std::chrono::steady_clock::now();
  while (!client.state(1).reset && std::chrono::steady_clock::now() - begin < 5s) {
    client.send(http2_client::window_update(1, 1));
    if (client.next().type == 0xff) break;
    poll(nullptr, 0, 10);  // slow enough that the frames alone are no flood
  }
  EXPECT_EQ(client.state(1).reset.value_or(0), h2::enhance_your_calm);
  EXPECT_LT(client.state(1).body.size(), 100'000U);
}

TEST(http2_flood, f07_a_slow_stream_ends_whatever_else_the_connection_does) {
  config::entrypoint_section section;
  section.limits.body_progress_timeout = 500ms;
  const raw_origin origin([](raw_origin::connection& each) {
    for (std::string head = each.head(); !head.empty(); head = each.head())
      if (head.starts_with("GET")) each.write(ok());
  });
  proxy_under_test proxy(origin, section);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request("POST"), false));
  std::uint32_t stream = 3;
  const auto begin = std::chrono::steady_clock::now();
  while (client.state(1).status == 0 && !client.state(1).reset && std::chrono::steady_clock::now() - begin < 5s) {
    EXPECT_EQ(client.ask(stream, http2_client::request()).status, 200);
    stream += 2;
  }
  EXPECT_EQ(client.state(1).status, 408);
}

TEST(http2_flood, f07_a_frame_that_trickles_in_ends_the_connection) {
  config::entrypoint_section section;
  section.limits.request_head_timeout = 500ms;
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin, section);
  http2_client client(proxy.port());
  EXPECT_EQ(client.ask(1, http2_client::request()).status, 200);
  const std::string bytes = http2_client::headers(3, http2_client::request());
  std::size_t at = 0;
  const auto begin = std::chrono::steady_clock::now();
  while (at + 1 < bytes.size() && client.stream().stays_silent(50ms)) client.send(bytes.substr(at++, 1));
  EXPECT_TRUE(client.goaway());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST(http2_flood, f08_more_streams_than_allowed_are_refused_and_may_be_repeated) {
  std::promise<void> told;
  const std::shared_future<void> go = told.get_future().share();
  const raw_origin origin([go](raw_origin::connection& each) {
    while (!each.request().head.empty()) {
      go.wait_for(tests::byte_stream::patience);
      each.write(ok());
    }
  });
  config::entrypoint_section section;
  section.limits.http2_streams_max = 10;
  const proxy_under_test proxy(origin, section);
  http2_client client(proxy.port());
  for (int i = 0; i < 11; ++i) client.send(http2_client::headers(stream_number(i), http2_client::request()));
  EXPECT_EQ(client.answer(stream_number(10)).reset.value_or(0), h2::refused_stream);
  told.set_value();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.answer(stream_number(i)).status, 200) << i;
  EXPECT_EQ(client.ask(stream_number(11), http2_client::request()).status, 200);
}

TEST(http2_flood, f09_a_connection_ends_gracefully_after_its_share_of_streams) {
  config::entrypoint_section section;
  section.limits.http2_streams_total_max = 20;
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin, section);
  http2_client client(proxy.port());
  int served = 0;
  for (int i = 0; i < 19; ++i) served += client.ask(stream_number(i), http2_client::request()).status == 200 ? 1 : 0;
  EXPECT_EQ(served, 19);
  client.send(http2_client::headers(stream_number(19), http2_client::request()));
  h2_frame end = client.await(h2::goaway);
  EXPECT_EQ(end.number(), 0x7fffffffU);
  EXPECT_EQ(end.number(4), h2::no_error);
  const h2_frame ping = client.await(h2::ping);
  client.send(http2_client::frame(h2::ping, h2::ack, 0, ping.payload));
  end = client.await(h2::goaway);
  EXPECT_EQ(end.number(), stream_number(19));
  EXPECT_EQ(client.goaway(), std::nullopt) << "and closed";
  EXPECT_EQ(client.state(stream_number(19)).status, 200);
}

TEST(http2_flood, f10_a_client_is_warned_before_it_is_cut_off) {
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin, strict());
  http2_client client(proxy.port());
  EXPECT_EQ(client.ask(1, http2_client::request()).status, 200);
  for (int i = 0; i < 301; ++i) client.send(http2_client::frame(0x55, 0, 0));
  const h2_frame warning = client.await(h2::goaway);
  EXPECT_EQ(warning.number(4), h2::no_error);
  EXPECT_EQ(client.ask(3, http2_client::request()).status, 200) << "what was on its way is served";
  EXPECT_EQ(proxy.server().status().http2_floods, 0U);
}

}  // namespace
}  // namespace cardea::proxy
