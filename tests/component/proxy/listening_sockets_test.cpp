// Goal: one inventory of listening sockets, that binds all or nothing.
#include "proxy/net/listening_sockets.hpp"
#include "tests/support/proxy_under_test.hpp"

namespace cardea::proxy::net {
namespace {

using tests::reserved_port;

endpoint at(const reserved_port& port, transport kind = transport::tcp) {
  return {base::address::parse(port.address()).value(), kind};
}

bool listens(std::uint16_t port) { return tests::byte_stream::connect(port).end() != tests::stream_end::reset; }

TEST(listening_sockets, each_worker_has_a_socket_of_its_own) {
  const reserved_port port;
  listening_sockets all(3);
  ASSERT_TRUE(all.open(std::vector{at(port), at(port, transport::udp)}));
  ASSERT_EQ(all.all().size(), 2U);
  for (const auto& each : all.all()) EXPECT_EQ(each.sockets.size(), 3U);
  EXPECT_TRUE(all.has(at(port)));
  EXPECT_TRUE(listens(port.number()));
}

TEST(listening_sockets, what_is_there_is_not_bound_again) {
  const reserved_port port;
  listening_sockets all(1);
  ASSERT_TRUE(all.open(std::vector{at(port)}));
  const int fd = all.all()[0].sockets[0].get();
  ASSERT_TRUE(all.open(std::vector{at(port), at(port)}));
  ASSERT_EQ(all.all().size(), 1U);
  EXPECT_EQ(all.all()[0].sockets[0].get(), fd);
}

TEST(listening_sockets, all_or_nothing) {
  const reserved_port free;
  const tests::raw_origin taken([](auto&) {});
  listening_sockets all(2);
  const auto failed = all.open(std::vector{at(free), endpoint{base::address::from_parts("127.0.0.1", taken.port()).value()}});
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message().find("127.0.0.1:" + std::to_string(taken.port())), std::string::npos);
  EXPECT_TRUE(all.all().empty());
  EXPECT_FALSE(listens(free.number()));
}

TEST(listening_sockets, a_socket_lives_until_both_let_go) {
  const reserved_port port;
  listening_sockets all(1);
  ASSERT_TRUE(all.open(std::vector{at(port)}));
  auto shared = all.share(at(port), 0);
  ASSERT_TRUE(shared);
  ASSERT_EQ(shared->size(), 1U);
  all.close(at(port));
  EXPECT_FALSE(all.has(at(port)));
  EXPECT_TRUE(listens(port.number()));
  shared->clear();
  EXPECT_FALSE(listens(port.number()));
  EXPECT_FALSE(all.share(at(port), 0)) << "an error, not a crash";
}

TEST(listening_sockets, one_that_somebody_else_bound_serves_all_workers) {
  const reserved_port port;
  listening_sockets all(3);
  std::vector<file_descriptor> ready;
  ready.push_back(std::move(*listen_on(at(port).where)));
  all.adopt({at(port), std::move(ready)});
  ASSERT_TRUE(all.open(std::vector{at(port)}));
  EXPECT_EQ(all.all()[0].sockets.size(), 1U) << "it was not bound again";
  for (std::size_t worker = 0; worker < 3; ++worker) {
    const auto own = all.share(at(port), worker);
    ASSERT_TRUE(own);
    EXPECT_EQ(own->size(), 1U);
  }
}

std::vector<std::size_t> indexes(const listening_sockets& of, const endpoint& where, std::size_t worker) {
  std::vector<std::size_t> out;
  const auto own = of.share(where, worker);
  for (const shared_socket& each : own.value()) out.push_back(each.index);
  return out;
}

TEST(listening_sockets, of_more_than_there_are_workers_none_is_closed) {
  const reserved_port port;
  listening_sockets all(2);
  for (const transport kind : {transport::tcp, transport::udp}) {
    std::vector<file_descriptor> ready;
    for (int i = 0; i < 5; ++i)
      ready.push_back(std::move(*(kind == transport::tcp ? listen_on(at(port).where) : bind_datagrams(at(port).where))));
    all.adopt({at(port, kind), std::move(ready)});
    EXPECT_EQ(indexes(all, at(port, kind), 0), (std::vector<std::size_t>{0, 2, 4}));
    EXPECT_EQ(indexes(all, at(port, kind), 1), (std::vector<std::size_t>{1, 3}));
  }
}

TEST(listening_sockets, of_fewer_than_there_are_workers_tcp_is_shared_and_udp_is_not) {
  const reserved_port port;
  listening_sockets all(4);
  for (const transport kind : {transport::tcp, transport::udp}) {
    std::vector<file_descriptor> ready;
    for (int i = 0; i < 3; ++i)
      ready.push_back(std::move(*(kind == transport::tcp ? listen_on(at(port).where) : bind_datagrams(at(port).where))));
    all.adopt({at(port, kind), std::move(ready)});
    EXPECT_EQ(indexes(all, at(port, kind), 2), std::vector<std::size_t>{2});
  }
  EXPECT_EQ(indexes(all, at(port), 3), std::vector<std::size_t>{0});
  EXPECT_TRUE(indexes(all, at(port, transport::udp), 3).empty()) << "a client's datagrams all come to one worker";
}

}  // namespace
}  // namespace cardea::proxy::net
