#include "proxy/forward.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "proxy/http/error_page.hpp"
#include "proxy/http/grpc.hpp"
#include "proxy/http2/client_stream.hpp"
#include "proxy/tunnel.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace cardea::proxy {
namespace {

using http::failure;
using http::failure_kind;
using http::side;
using net::io;

constexpr int interim_max = 8;
// At one backend, where it has refused the request without looking at it.
constexpr int unprocessed_attempts_max = 4;
// Rounds of copying before other connections get their turn.
constexpr int rounds_max = 16;

bool may_repeat(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
         method == "DELETE" || method == "TRACE";
}

failure client_side(const http::exchange& request) noexcept {
  if (const std::uint16_t status = request.body_rejection(); status != 0)
    return {failure_kind::refused_request, side::client, status, "the request body's framing is broken"};
  return {failure_kind::client_gone, side::client, 0, "the client went away"};
}

constexpr failure head_too_large{failure_kind::refused_request, side::client, 431, "the head is too large"};
constexpr failure too_large{failure_kind::refused_request, side::client, 413, "the request body is too large"};
constexpr failure too_slow{failure_kind::body_timed_out, side::client, 0, "the request body comes too slowly"};
constexpr failure backend_reset{failure_kind::backend_reset, side::backend, 0,
                                "the backend closed the connection before its answer was complete"};

constexpr failure took_too_long{failure_kind::response_timed_out, side::backend, 0,
                                "the exchange took longer than its total_timeout"};

// A client that reads slowly is no fault of the backend.
constexpr failure took_too_long_to_send{failure_kind::response_timed_out, side::internal, 0, took_too_long.reason};

/// What all attempts of one exchange have in common.
struct plan {
  forward_settings settings;
  base::tick_ms until;          ///< the end of the exchange, whatever it does
  bool repeatable;              ///< by its method
  std::string_view set_cookie;  ///< of the backend at hand
};

/// One attempt on one backend. Each step moves what can be moved
/// now; the coroutine around it waits for edges and watches the clock.
class relay {
 public:
  relay(http::exchange& client, http::backend_exchange& backend, upstream::turn& turn, const plan& how,
        const http::body_limits& body) noexcept
      : client_(client),
        settings_(how.settings),
        until_(how.until),
        set_cookie_(how.set_cookie),
        turn_(turn),
        backend_(backend),
        allowance_(body, client.waiter().loop().now()),
        request_done_(client.head().framing == http::body_framing::none) {}

  [[nodiscard]] bool begin() { return backend_.send_head(client_); }

  /// Moves what can move without waiting; true when it stopped only to give others a turn.
  bool step() noexcept {
    bool more = pump_request();
    if (!failed_ && !have_head_) take_heads();
    if (!failed_ && have_head_ && !upgraded_) more = pump_response() || more;
    if (!failed_ && client_.flush() == io::failed) fail(client_side(client_));
    // Drop by drop the client wakes us before its time is up.
    if (upload_due() <= client_.waiter().loop().now()) fail(too_slow);
    return more;
  }

  [[nodiscard]] base::tick_ms deadline(base::tick_ms now) noexcept {
    if (!request_done_ || have_head_) return std::min({until_, upload_due(), now + settings_.body_progress_timeout});
    // Absolute from the end of the request: edges on the client's side do not push it out.
    if (head_deadline_ == base::no_deadline) head_deadline_ = now + settings_.response_head_timeout;
    return std::min(until_, head_deadline_);
  }
  void time_out(base::tick_ms now) noexcept {
    if (now >= until_)
      fail(have_head_ ? took_too_long_to_send : took_too_long);
    else if (!request_done_ && !backend_full_)
      fail({failure_kind::body_timed_out, side::client, 0, "the request body stopped"});
    else if (!have_head_)
      fail({failure_kind::response_timed_out, side::backend, 0, "the backend did not answer in time"});
    else
      fail(backend_reset);
  }

  [[nodiscard]] bool finished() const noexcept { return response_done_; }
  [[nodiscard]] bool upgraded() const noexcept { return upgraded_; }
  [[nodiscard]] const std::optional<failure>& failed() const noexcept { return failed_; }
  [[nodiscard]] bool untouched() const noexcept { return !backend_.answered() && !body_touched_; }
  [[nodiscard]] bool request_done() const noexcept { return request_done_; }
  /// It failed in a way that allows another attempt, here or elsewhere.
  [[nodiscard]] bool repeatable(bool by_method) const noexcept {
    return failed_ && failed_->kind == failure_kind::backend_reset && untouched() && !client_.head_sent() &&
           (by_method || backend_.unprocessed());
  }

 private:
  // When the client will have sent too little. An answer that has begun makes the body a conversation.
  [[nodiscard]] base::tick_ms upload_due() const noexcept {
    return request_done_ || have_head_ || upload_over_ || backend_full_ ? base::no_deadline : allowance_.deadline();
  }

  void fail(const failure& cause) noexcept {
    if (!failed_) failed_ = cause;
  }

  bool pump_request() noexcept {
    int round = 0;
    if (backend_full_) allowance_.forgive(client_.waiter().loop().now());
    backend_full_ = false;
    for (; !request_done_ && !upload_over_ && round < rounds_max; ++round) {
      client_.send_continue();
      const http::body_view view = client_.read_body();
      if (view.state == io::blocked) break;
      if (view.state == io::failed) {
        // The client may have ended its upload because it has its answer: that still counts.
        upload_over_ = have_head_ && client_.body_rejection() == 0;
        if (!upload_over_) fail(client_side(client_));
        return false;
      }
      if (view.state == io::ended) {
        backend_.end_body(client_.request_trailers());
        request_done_ = true;
        break;
      }
      if (!allowance_.admits(view.data.size())) {
        fail(too_large);
        return false;
      }
      const std::size_t taken = backend_.write_body(view.data);
      client_.consume_body(taken);
      allowance_.take(taken);
      body_touched_ = body_touched_ || taken > 0;
      // What was not taken waits for an edge only if the socket is what is full.
      backend_full_ = taken < view.data.size() && (taken == 0 || backend_.flush() != io::done);
      if (backend_full_) break;
    }
    // A backend that answered early may have stopped reading; its answer decides. It
    // came before the reset that failed the write, even if no edge has told of it yet.
    if (!backend_write_failed_ && backend_.flush() == io::failed) {
      upload_over_ = backend_write_failed_ = true;
      backend_.look_for_answer();
    }
    return round == rounds_max;
  }

  // Up to and with the final head.
  void take_heads() noexcept {
    while (!have_head_ && !failed_ && client_.takes_head()) {
      const io state = backend_.read_head();
      if (state == io::blocked) {
        if (backend_write_failed_) fail(backend_reset);
        return;
      }
      if (state != io::done) {
        fail(backend_.why().empty()
                 ? backend_reset
                 : failure{failure_kind::response_refused, side::backend, 0, backend_.why()});
        return;
      }
      take_head(backend_.response());
    }
  }

  void take_head(const http::response_head& head) noexcept {
    if (head.status == 101) return take_upgrade();
    if (head.status >= 200) return relay_head(head);
    if (++interims_ > interim_max)
      fail({failure_kind::response_refused, side::backend, 0, "too many interim responses"});
    else if (head.status != 100)  // the client was told to continue by us
      client_.send_interim(head, backend_.bytes());
    backend_.next_head();
  }

  void relay_head(const http::response_head& head) noexcept {
    // To a client that asked by CONNECT a success is an open tunnel, which this is not (H10).
    if (client_.head().is_extended_connect && head.status < 300)
      return fail({failure_kind::response_refused, side::backend, 0, "an answer that would pass for an upgrade"});
    have_head_ = true;
    turn_.succeed();
    // An answer before the request's end: neither connection is in a known state after it (U04).
    if (!request_done_) client_.close_after();
    http::response_start start;
    start.status = head.status;
    // HTTP/2 knows no phrases.
    start.reason = head.reason.size > 0 ? head.reason.in(backend_.bytes()) : http::reason_phrase(head.status);
    start.relayed = &head;
    start.bytes = backend_.bytes();
    start.framing = head.framing;
    start.content_length = head.content_length;
    start.announce_length = head.has_content_length;
    start.extra_fields = set_cookie_;
    if (!client_.send_head(start))
      fail({failure_kind::response_refused, side::backend, 0, "the response head is too large"});
  }

  // Whether the protocol of a 101 is one of those that the request named (S38).
  [[nodiscard]] bool was_offered(const http::response_head& head) const noexcept {
    const http::field* chosen = head.fields.find(http::field_id::upgrade);
    if (chosen == nullptr) return false;
    const std::string_view name = http::value_of(*chosen, backend_.bytes());
    std::string_view offered =
        http::value_of(*client_.head().fields.find(http::field_id::upgrade), client_.bytes());
    while (true) {
      const std::size_t comma = std::min(offered.find(','), offered.size());
      if (base::equal_ignoring_case(base::trim(offered.substr(0, comma)), name)) return true;
      if (comma == offered.size()) return false;
      offered.remove_prefix(comma + 1);
    }
  }

  void take_upgrade() noexcept {
    const http::response_head& head = backend_.response();
    if (!client_.head().wants_upgrade || !was_offered(head))
      return fail({failure_kind::response_refused, side::backend, 0, "an upgrade that was not asked for"});
    have_head_ = upgraded_ = true;
    turn_.succeed();
    std::string fields("Connection: upgrade\r\nUpgrade: ");
    fields += http::value_of(*head.fields.find(http::field_id::upgrade), backend_.bytes());
    fields += "\r\n";
    fields += set_cookie_;
    http::response_start start;
    start.status = 101;
    start.reason = "Switching Protocols";
    start.relayed = &head;
    start.bytes = backend_.bytes();
    start.extra_fields = fields;
    if (!client_.send_head(start))
      fail({failure_kind::response_refused, side::backend, 0, "the response head is too large"});
  }

  bool pump_response() noexcept {
    int round = 0;
    for (; !response_done_ && round < rounds_max; ++round) {
      const http::body_view view = backend_.read_body();
      if (view.state == io::blocked) break;
      if (view.state == io::failed) {
        fail(backend_reset);
        break;
      }
      if (view.state == io::ended) {
        client_.end_body(backend_.trailers());
        response_done_ = true;
        break;
      }
      const std::size_t taken = client_.write_body(view.data);
      backend_.consume_body(taken);
      if (taken < view.data.size() && (taken == 0 || client_.flush() != io::done)) break;
    }
    return round == rounds_max;
  }

  http::exchange& client_;
  const forward_settings& settings_;
  base::tick_ms until_;
  std::string_view set_cookie_;
  upstream::turn& turn_;
  http::backend_exchange& backend_;
  std::optional<failure> failed_;
  base::tick_ms head_deadline_ = base::no_deadline;
  int interims_ = 0;
  http::body_allowance allowance_;
  bool request_done_;
  bool body_touched_ = false;
  bool backend_full_ = false;  ///< what the client sent waits for the backend to read
  bool backend_write_failed_ = false;
  bool upload_over_ = false;  ///< no more of the request body is relayed, complete or not
  bool have_head_ = false;
  bool response_done_ = false;
  bool upgraded_ = false;
};

// Drives a relay until it finished, failed or was upgraded.
net::task<void> drive(relay& attempt, http::exchange& request) {
  net::waiter& waiter = request.waiter();
  while (true) {
    const bool more = attempt.step();
    if (attempt.failed() || attempt.upgraded() || request.client_gone()) co_return;
    if (attempt.finished() && request.flush() == io::done) co_return;
    const base::tick_ms deadline = attempt.deadline(waiter.loop().now());
    net::wake woken = net::wake::ready;
    if (more)
      woken = co_await waiter.yield();
    else
      woken = co_await waiter.wait(deadline);
    if (woken == net::wake::timed_out) attempt.time_out(waiter.loop().now());
    if (woken == net::wake::stopping || attempt.failed()) co_return;
  }
}

// A backend that fails fails for many: one line a second for each worker is enough to know.
void tell(const failure& cause, const std::string& backend, http::exchange& request) {
  thread_local base::tick_ms quiet_until = 0;
  thread_local unsigned untold = 0;
  if (cause.blame != side::backend) return;
  const base::tick_ms now = request.waiter().loop().now();
  if (now < quiet_until) {
    ++untold;
    return;
  }
  quiet_until = now + 1'000;
  const base::logger log("proxy");
  log.warn("backend failed", {{"backend", backend},
                              {"reason", cause.reason},
                              {"status", http::status_of(cause)},
                              {"host", request.head().host.in(request.bytes())},
                              {"others", std::exchange(untold, 0)}});
}

void note_backend(const http::exchange& request, const upstream::backend& asked) noexcept {
  http::exchange_notes* const notes = request.notes();
  if (notes == nullptr) return;
  notes->backend_host = asked.host;
  notes->backend_port = asked.port;
}

/// Why a backend did not serve a request, and whether another attempt may.
struct setback {
  failure cause;
  bool movable = false;      ///< at another backend
  bool again = false;        ///< at the same one, over a connection that is not this one
  bool unprocessed = false;  ///< the backend has said that it did nothing with the request
  bool wants_http1 = false;  ///< and not over HTTP/2
};

setback setback_of(const relay& attempt, const http::exchange& request, const plan& how) noexcept {
  return {attempt.failed() ? *attempt.failed() : client_side(request), attempt.repeatable(how.repeatable)};
}

// One attempt over a connection that is ours alone: nothing when the exchange is over.
net::task<std::optional<setback>> serve_over_http1(http::exchange& request, upstream::lease& lease,
                                                   upstream::turn& turn, const plan& how) {
  http1::client_exchange backend(lease.stream(), how.settings.buffers, how.settings.backend);
  relay attempt(request, backend, turn, how, how.settings.request_body);
  if (!attempt.begin()) co_return setback{head_too_large};
  co_await drive(attempt, request);
  if (attempt.upgraded() && !attempt.failed()) {
    co_await tunnel(request, lease.stream(), backend.raw_input(), how.settings);
    co_return std::nullopt;
  }
  if (attempt.finished() && !attempt.failed()) {
    if (attempt.request_done() && backend.reusable()) lease.give_back();
    co_return std::nullopt;
  }
  setback met = setback_of(attempt, request, how);
  met.again = met.movable && lease.reused();
  co_return met;
}

// The same as one stream of a connection that others share.
net::task<std::optional<setback>> serve_over_http2(http::exchange& request, http2::client_connection& connection,
                                                   upstream::turn& turn, const plan& how) {
  http2::client_stream backend(connection, request.waiter());
  http::body_limits body = how.settings.request_body;
  // A call may be silent for long; a stream that waits holds up no server that shares them.
  if (http::is_grpc(request)) body.rate_min = 0;
  relay attempt(request, backend, turn, how, body);
  if (!attempt.begin()) co_return setback{head_too_large};
  co_await drive(attempt, request);
  if (attempt.finished() && !attempt.failed()) co_return std::nullopt;
  setback met = setback_of(attempt, request, how);
  met.unprocessed = met.movable && backend.unprocessed();
  met.again = met.movable && (backend.reused() || met.unprocessed);
  met.wants_http1 = backend.wants_http1();
  co_return met;
}

// One backend's attempts: nothing when the exchange is over.
net::task<std::optional<setback>> serve_by(http::exchange& request, upstream::turn& turn, const plan& how,
                                           base::tick_ms connect_timeout) {
  upstream::pool::need need{false, request.head().wants_upgrade, connect_timeout};
  for (int attempt = 1;; ++attempt) {
    upstream::pool::outcome lent = co_await turn.connections().acquire(request.waiter(), need);
    std::optional<setback> met;
    if (lent.shared != nullptr)
      met = co_await serve_over_http2(request, *lent.shared, turn, how);
    else if (lent.connection)
      met = co_await serve_over_http1(request, *lent.connection, turn, how);
    else
      co_return setback{lent.failed, true};
    const int attempts = met && met->unprocessed ? unprocessed_attempts_max : 2;
    if (!met || !met->again || attempt == attempts) co_return met;
    need.fresh = true;
    need.http1_only = need.http1_only || met->wants_http1;
  }
}

}  // namespace

net::task<void> forward(http::exchange& request, upstream::group& to, forward_settings settings) {
  const bool repeatable = may_repeat(request.head().method.in(request.bytes()));
  const base::tick_ms until =
      settings.total_timeout > 0 ? to.loop().now() + settings.total_timeout : base::no_deadline;
  plan how{settings, until, repeatable, {}};
  upstream::way way = to.begin(request);
  failure last{};
  while (true) {
    upstream::choice next = to.choose(way);
    if (next.full) next = co_await to.wait_for_room(request, way, until);
    if (next.who == nullptr) {
      const failure cause = way.began() ? last : next.failed;
      if (!way.began()) tell(cause, to.of().name, request);
      co_await http::respond(request, cause);
      co_return;
    }
    note_backend(request, to.backend_at(next.index));
    how.set_cookie = to.set_cookie(way, next.index, request.client().secure);
    std::optional<setback> met;
    {
      upstream::turn turn(to, next);
      met = co_await serve_by(request, turn, how, to.of().connect_timeout);
      if (!met) co_return;
      if (met->cause.blame == side::backend) turn.fail();
    }
    last = met->cause;
    tell(last, to.backend_at(next.index).name(), request);
    const bool goes_on = met->movable && !to.loop().stopping() && !request.client_gone() &&
                         to.loop().now() < until && to.may_go_on(way, next.index);
    if (goes_on) continue;
    co_await http::respond(request, last);
    co_return;
  }
}

}  // namespace cardea::proxy
