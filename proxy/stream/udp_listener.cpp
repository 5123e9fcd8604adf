#include "proxy/stream/udp_listener.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace cardea::proxy::stream {
namespace {

// After so many full batches others get a turn.
constexpr int batches_max = 8;

}  // namespace

std::size_t udp_listener::flow_hash::operator()(const udp_flow& value) const noexcept {
  std::array<std::uint64_t, 6> words{};
  std::memcpy(words.data(), value.client.data(), std::min<std::size_t>(value.client.size(), 4 * sizeof(std::uint64_t)));
  std::memcpy(words.data() + 4, value.local.ip.data(), value.local.ip.size());
  std::uint64_t out = seed;
  for (const std::uint64_t each : words) out = mixed(out ^ each);
  return static_cast<std::size_t>(out);
}

udp_listener::udp_listener(net::event_loop& loop, udp_sessions& sessions, udp_batch& batch, shared_route to)
    : loop_(loop),
      sessions_(sessions),
      batch_(batch),
      route_(std::move(to)),
      waiter_(loop),
      by_flow_(0, flow_hash{random_seed()}) {}

udp_listener::~udp_listener() { close(); }

bool udp_listener::open(net::file_descriptor fd) noexcept {
  fd_ = std::move(fd);
  watch_ = {.fd = fd_.get(), .readable = true, .target = &waiter_};
  return loop_.add(watch_);
}

net::task<void> udp_listener::run() {
  while (fd_) {
    const bool more_queries = receive();
    const bool more_answers = answer();
    net::wake woken = net::wake::ready;
    if (more_queries || more_answers)
      woken = co_await waiter_.yield();
    else
      woken = co_await waiter_.wait(base::no_deadline);
    if (woken == net::wake::stopping) break;
  }
  close();
}

// True when it stopped only to give others a turn.
bool udp_listener::receive() {
  for (int round = 0; round < batches_max; ++round) {
    if (!watch_.readable) return false;
    const udp_batch::received got = batch_.receive(fd_.get(), true);
    // Fewer than there was room for: the next one makes a new edge.
    if (got.count < udp_batch::datagrams_max) watch_.readable = false;
    if (got.count == 0) return false;
    for (std::size_t first = 0; first < got.count;) {
      const udp_flow flow{batch_.source(first), batch_.destination(first)};
      std::size_t next = first + 1;
      while (next < got.count && udp_flow{batch_.source(next), batch_.destination(next)} == flow) ++next;
      if (udp_session* const session = session_of(flow); session != nullptr)
        forward(*session, first, next - first);
      else
        sessions_.count_dropped(next - first);
      first = next;
    }
  }
  return watch_.readable;
}

udp_session* udp_listener::session_of(const udp_flow& flow) {
  const auto known = by_flow_.find(flow);
  if (known != by_flow_.end()) return known->second.get();
  if (draining_ || !sessions_.admit(flow.client)) return nullptr;
  auto fresh = std::make_unique<udp_session>(*this, flow);
  const auto connect_any = [&] {
    return std::any_of(route_->addresses.begin(), route_->addresses.end(),
                       [&](const base::address& where) { return connect(*fresh, where); });
  };
  bool is_connected = connect_any();
  // Without descriptors left, somebody silent gives his (L07).
  if (!is_connected && (errno == EMFILE || errno == ENFILE) && sessions_.make_room()) is_connected = connect_any();
  if (!is_connected) {
    tell(route_->addresses.empty() ? "the route has no address to go to" : "the backend cannot be reached");
    return nullptr;
  }
  sessions_.add(*fresh);
  return by_flow_.emplace(flow, std::move(fresh)).first->second.get();
}

// Another address of the same family takes the socket's place in silence, the port stays.
bool udp_listener::connect(udp_session& one, const base::address& where) noexcept {
  if (one.fd) {
    loop_.remove(one.events);
    one.fd.reset();
  }
  one.fd = net::file_descriptor(::socket(where.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!one.fd || ::connect(one.fd.get(), where.data(), where.size()) != 0) return false;
  one.events = {.fd = one.fd.get(), .on_idle = on_event, .context = &one};
  one.backend = where;
  if (loop_.add(one.events)) return true;
  one.fd.reset();
  return false;
}

void udp_listener::on_event(net::watch& events) noexcept {
  auto& one = *static_cast<udp_session*>(events.context);
  if (!events.readable || std::exchange(one.is_queued, true)) return;
  auto& self = static_cast<udp_listener&>(one.owner);
  self.queued_.push_back(&one);
  self.waiter_.signal();
}

// The backend's machine said that nobody listens there: the next address, if there is one.
bool udp_listener::fail_over(udp_session& one) noexcept {
  const auto& all = route_->addresses;
  tell("the backend refused the datagram");
  const auto at = std::find(all.begin(), all.end(), one.backend);
  if (all.size() < 2 || at == all.end()) return false;
  const std::size_t index = static_cast<std::size_t>(at - all.begin());
  return connect(one, all[(index + 1) % all.size()]);
}

void udp_listener::forward(udp_session& one, std::size_t first, std::size_t count) noexcept {
  sessions_.touch(one);
  std::size_t done = 0;
  // An error belongs to an earlier datagram (it was refused), or to this one (too large for the path).
  for (int attempt = 0; attempt < 2 && done < count; ++attempt) {
    const udp_batch::received out = batch_.send(one.fd.get(), first + done, count - done);
    done += out.count;
    if (done == count) return;
    if (out.error == ECONNREFUSED) {
      static_cast<void>(fail_over(one));
      if (!one.fd) break;
    } else if (out.error == EAGAIN || out.error == EWOULDBLOCK || out.error == ENOBUFS) {
      break;
    } else {
      ++done;  // this one cannot leave; those behind it may
      sessions_.count_dropped(1);
      --attempt;
    }
  }
  sessions_.count_dropped(count - std::min(done, count));
  if (!one.fd) end(one);
}

// True when it stopped only to give others a turn.
bool udp_listener::answer() {
  ready_.swap(queued_);
  for (udp_session* const one : ready_) {
    one->is_queued = false;
    if (!answer_of(*one)) continue;
    one->is_queued = true;
    queued_.push_back(one);
  }
  ready_.clear();
  return !queued_.empty();
}

// True when there is more to read.
bool udp_listener::answer_of(udp_session& one) noexcept {
  for (int round = 0; round < batches_max; ++round) {
    if (!one.events.readable) return false;
    const udp_batch::received got = batch_.receive(one.fd.get(), false);
    if (got.count == 0) {
      if (got.error == EAGAIN || got.error == EWOULDBLOCK) one.events.readable = false;
      if (got.error != ECONNREFUSED) return false;
      static_cast<void>(fail_over(one));
      return static_cast<bool>(one.fd) && one.events.readable;
    }
    if (got.count < udp_batch::datagrams_max) one.events.readable = false;
    sessions_.touch(one);
    const udp_batch::received sent = batch_.answer(fd_.get(), got.count, one.flow.client, one.flow.local);
    sessions_.count_dropped(got.count - sent.count);
  }
  return one.events.readable;
}

void udp_listener::use(shared_route to) {
  route_ = std::move(to);
  const auto& all = route_->addresses;
  std::vector<udp_session*> gone;
  for (const auto& [flow, session] : by_flow_)
    if (std::find(all.begin(), all.end(), session->backend) == all.end()) gone.push_back(session.get());
  for (udp_session* each : gone) end(*each);
}

void udp_listener::end(udp_session& one) noexcept {
  if (one.is_queued) std::erase(queued_, &one);  // nobody ends a session while `ready_` is gone through
  if (one.fd) loop_.remove(one.events);
  sessions_.remove(one);
  by_flow_.erase(by_flow_.find(one.flow));
}

void udp_listener::close() noexcept {
  while (!by_flow_.empty()) end(*by_flow_.begin()->second);
  if (!fd_) return;
  loop_.remove(watch_);
  fd_.reset();
  waiter_.signal();
}

std::vector<udp_transfer> udp_listener::hand_over() {
  std::vector<udp_transfer> out;
  out.reserve(by_flow_.size());
  for (const auto& [flow, session] : by_flow_) {
    if (!session->fd) continue;
    loop_.remove(session->events);
    out.push_back({flow, session->backend, std::move(session->fd)});
  }
  close();
  return out;
}

void udp_listener::take(udp_transfer from) {
  const auto& all = route_->addresses;
  if (std::find(all.begin(), all.end(), from.backend) == all.end()) return;
  if (by_flow_.contains(from.flow) || !sessions_.admit(from.flow.client)) return;
  auto one = std::make_unique<udp_session>(*this, from.flow);
  one->fd = std::move(from.fd);
  one->backend = from.backend;
  one->events = {.fd = one->fd.get(), .on_idle = on_event, .context = one.get()};
  if (!loop_.add(one->events)) return;
  sessions_.add(*one);
  by_flow_.emplace(from.flow, std::move(one));
}

// A backend that fails fails for many: one line a second for each worker is enough to know.
void udp_listener::tell(std::string_view reason) noexcept {
  thread_local base::tick_ms quiet_until = 0;
  thread_local unsigned untold = 0;
  if (loop_.now() < quiet_until) {
    ++untold;
    return;
  }
  quiet_until = loop_.now() + 1'000;
  const base::logger log("udp");
  log.warn("backend failed", {{"route", route_->name},
                              {"backend", route_->backend},
                              {"reason", reason},
                              {"others", std::exchange(untold, 0)}});
}

}  // namespace cardea::proxy::stream
