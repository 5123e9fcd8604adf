// Goal: what a stream costs on a connection in use, in counts that do not depend on the machine.
// The sanitizers bring an allocator of their own, so that there is nothing to count under them.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include "tests/support/http2_backend.hpp"
#include "tests/support/http2_client.hpp"
#include "tests/support/proxy_under_test.hpp"

#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<bool> counting{false};
std::atomic<int> allocations{0};

// The data plane's threads are named; a test has one of them.
bool on_worker() {
  thread_local const bool yes = [] {
    char name[16] = {};
    pthread_getname_np(pthread_self(), name, sizeof name);
    return std::string_view(name) == "cardea-worker";
  }();
  return yes;
}

}  // namespace

void* operator new(std::size_t size) {
  if (counting.load(std::memory_order_relaxed) && on_worker()) allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
// Standard algorithms allocate by this one, and free by the others.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (counting.load(std::memory_order_relaxed) && on_worker()) allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace cardea::proxy {
namespace {

using tests::http2_client;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;

/// Asks `count` times, so many at once; the stream after the last.
std::uint32_t ask_side_by_side(http2_client& client, std::uint32_t stream, int count, int at_once) {
  for (int asked = 0; asked < count; asked += at_once) {
    std::string requests;
    for (int i = 0; i < at_once; ++i)
      requests += http2_client::headers(stream + 2 * static_cast<std::uint32_t>(i),
                                        http2_client::request("GET", "/", {{"user-agent", "count/1"}, {"accept", "*/*"}}));
    client.send(requests);
    for (int i = 0; i < at_once; ++i) {
      EXPECT_EQ(client.answer(stream, true).body, "ok") << stream;
      stream += 2;
    }
  }
  return stream;
}

TEST(http2_cost, a_stream_allocates_nothing_on_a_connection_in_use) {
  const raw_origin origin(raw_origin::answering(ok("ok", "Content-Type: text/plain\r\n")));
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  const std::uint32_t next = ask_side_by_side(client, 1, 400, 20);
  allocations = 0;
  counting = true;
  static_cast<void>(ask_side_by_side(client, next, 400, 20));
  EXPECT_EQ(allocations.load(), 0);
  http2_client other(proxy.port());
  EXPECT_TRUE(other.settle());
  counting = false;
  EXPECT_GT(allocations.load(), 0) << "a new connection does: the count counts";
}

TEST(http2_cost, an_exchange_on_a_shared_connection_allocates_nothing_with_trailers_or_without) {
  const raw_origin origin(tests::http2_backend::playing([](tests::http2_backend& backend, int) {
    // All of a round together, so that the first one needs as much as any.
    for (bool alive = true; alive;) {
      std::string answers;
      for (int i = 0; i < 20 && alive; ++i) {
        const auto each = backend.request();
        alive = each.stream != 0;
        answers +=
            http2_client::headers(each.stream, {{":status", "200"}, {"content-type", "application/grpc"}}, false) +
            http2_client::data(each.stream, "ok") +
            http2_client::headers(each.stream, {{"grpc-status", "0"}, {"grpc-message", "nothing to say"}}, true);
      }
      if (alive) backend.send(answers);
    }
  }));
  routing::route route = tests::route_to(origin.port());
  route.upstream.backends[0].http2 = true;
  const proxy_under_test proxy({route});
  http2_client client(proxy.port());
  const std::uint32_t next = ask_side_by_side(client, 1, 400, 20);
  allocations = 0;
  counting = true;
  static_cast<void>(ask_side_by_side(client, next, 400, 20));
  counting = false;
  EXPECT_EQ(allocations.load(), 0);
  EXPECT_EQ(origin.connections(), 1);
}

}  // namespace
}  // namespace cardea::proxy

#endif
