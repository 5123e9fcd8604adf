#include "base/fetch_client.hpp"

#include "base/fetch_connection.hpp"
#include "base/fetch_target.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <memory>
#include <vector>

namespace cardea::base {
namespace {

using clock = std::chrono::steady_clock;
using connection_ptr = std::unique_ptr<fetch_connection>;

/// Idle connections, newest last.
class idle_pool {
 public:
  idle_pool(std::size_t count_max, clock::duration timeout) : count_max_(count_max), timeout_(timeout) {}

  connection_ptr take(const fetch_target& target) {
    const auto oldest = clock::now() - timeout_;
    std::erase_if(entries_,
                  [oldest](const entry& one) { return one.since < oldest || !one.connection->is_quiet(); });
    const auto found = std::find_if(entries_.rbegin(), entries_.rend(),
                                    [&](const entry& one) { return one.connection->reaches(target); });
    if (found == entries_.rend()) return nullptr;
    connection_ptr out = std::move(found->connection);
    entries_.erase(std::next(found).base());
    return out;
  }

  void put(connection_ptr connection) {
    if (count_max_ == 0) return;
    if (entries_.size() >= count_max_) entries_.erase(entries_.begin());
    entries_.push_back({std::move(connection), clock::now()});
  }

 private:
  struct entry {
    connection_ptr connection;
    clock::time_point since;
  };

  std::size_t count_max_;
  clock::duration timeout_;
  std::vector<entry> entries_;
};

struct client {
  client(fetch_trust trusted, const fetch_client_options& wanted)
      : trust(std::move(trusted)), options(wanted), idle(wanted.idle_connections_max, wanted.idle_timeout) {}

  fetch_trust trust;
  fetch_client_options options;
  idle_pool idle;
};

// The client is kept alive by each running call, not only by its owner.
awaitable<result<fetch_response>> run(std::shared_ptr<client> self, fetch_request request) {
  const deadline until = clock::now() + request.timeout;
  if (auto sound = check_fetch_request(request); !sound) co_return sound.error();
  auto target = parse_fetch_target(request.url);
  if (!target) co_return target.error();
  const bool names_agent =
      std::any_of(request.headers.begin(), request.headers.end(),
                  [](const http_field& field) { return equal_ignoring_case(field.name, "User-Agent"); });
  if (!names_agent && !self->options.user_agent.empty())
    request.headers.push_back({"User-Agent", self->options.user_agent});

  const std::string where = target->printed();
  connection_ptr connection = self->idle.take(*target);
  for (;;) {
    const bool reused = connection != nullptr;
    if (!reused) {
      auto trust = self->trust;
      auto destination = *target;
      auto opened = co_await fetch_connection::open(std::move(trust), std::move(destination), until);
      if (!opened) co_return opened.error().at(where);
      connection = std::move(*opened);
    }
    auto outcome = co_await connection->exchange(request, *target, self->options.head_bytes_max, until);
    if (outcome.response) {
      if (outcome.reusable) self->idle.put(std::move(connection));
      co_return std::move(outcome.response);
    }
    const error& failure = outcome.response.error();
    const bool final = failure.code == errc::timed_out || failure.code == errc::cancelled;
    if (!reused || outcome.answer_began || final) co_return failure.at(where);
    connection = nullptr;
  }
}

}  // namespace

result<fetch> make_fetch(const fetch_client_options& options) {
  auto trust = fetch_trust::load(options);
  if (!trust) return trust.error();
  auto self = std::make_shared<client>(std::move(*trust), options);
  return fetch([self = std::move(self)](fetch_request request) { return run(self, std::move(request)); });
}

}  // namespace cardea::base
