// The part of the application by which one process takes another one's place: first the side of the old one, then
// that of the new one. hand_over.hpp has the order of what they say.
#include "api/server.hpp"
#include "app/application.hpp"
#include "app/streams.hpp"
#include "base/atomic_file.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace cardea::app {
namespace {

using proxy::net::descriptor_channel;
using state = api::process_status::upgrade_state;

constexpr unsigned pid_file_mode = 0644;

base::result<void> send(descriptor_channel& to, hand_over_message what, std::string_view text = {},
                        const std::vector<int>& descriptors = {}) {
  return to.send(static_cast<char>(what), text, descriptors);
}

base::result<void> expect(const base::result<descriptor_channel::message>& got, hand_over_message wanted) {
  if (!got) return got.error();
  if (got->kind == static_cast<char>(wanted)) return {};
  return base::error(base::errc::protocol, "the other process says something else than is expected");
}

}  // namespace

// ---- the old process

void application::ask_for_upgrade() {
  if (::getpid() == 1) {
    log_.warn("an upgrade is refused: the container ends with this process, start another one of the new image");
    return;
  }
  if (upgrade_wanted_ || predecessor_) {
    log_.warn("an upgrade is refused: one is under way");
    return;
  }
  upgrade_wanted_ = true;
  reload_asked_.cancel();
}

base::awaitable<void> application::upgrade() {
  process_.upgrade = state::running;
  ++process_.upgrade_attempts;
  process_.upgrade_error.clear();
  process_.upgrade_lines.clear();
  auto started = successor::start(context_.get_executor(), self_);
  if (!started) {
    co_await fail_upgrade(nullptr, started.error());
    co_return;
  }
  std::unique_ptr<successor> next = std::move(*started);
  successor_ = next.get();
  log_.info("upgrading", {{"program", self_.path}, {"pid", next->pid()}});
  const auto done = co_await hand_over(*next);
  if (!done && !handed_over_) {
    auto why = done.error();
    co_await fail_upgrade(std::move(next), std::move(why));
    co_return;
  }
  successor_ = nullptr;
  process_.upgrade = state::draining;
  if (done) {
    log_.info("the new process serves, this one drains", {{"pid", next->pid()}});
  } else {  // it was ready, and nobody else is left: whoever watches over the service starts it again
    log_.error("the new process ended when it was to serve", {{"reason", done.error().message()}});
    exit_code_ = 1;
  }
  co_await next->release();
  stop();
}

base::awaitable<base::result<void>> application::hand_over(successor& to) {
  const auto until = std::chrono::steady_clock::now() + configuration_->upgrade.ready_timeout;
  if (auto sent = send_inventory(to); !sent) co_return sent.error();
  const auto prepared = co_await await_message(to.channel(), until);
  if (auto as_expected = expect(prepared, hand_over_message::prepared); !as_expected) co_return as_expected.error();
  // Two must not write one pair of files. What is under way is given up cleanly, or has just finished.
  certificates_given_ = true;
  certificates_view_.refuse_renewals("an upgrade is under way");
  ++certificates_generation_;
  certificates_due_.cancel();
  certificates_->stop();
  co_await certificates_->join();
  certificate_locks_.release();
  if (auto sent = send(to.channel(), hand_over_message::certificates); !sent) co_return sent.error();
  const auto ready = co_await await_message(to.channel(), until);
  if (auto as_expected = expect(ready, hand_over_message::ready); !as_expected) co_return as_expected.error();
  if (stopping_) co_return base::error(base::errc::cancelled, "stopping");
  auto left = co_await leave(to);
  co_return left;
}

base::result<void> application::send_inventory(successor& to) {
  constexpr std::size_t piece = descriptor_channel::descriptors_max;
  auto sent = send(to.channel(), hand_over_message::hello, hand_over_protocol);
  for (const auto& each : server_.listening()) {
    const std::string at = to_bytes(each.at);
    for (std::size_t first = 0; sent && first < each.sockets.size(); first += piece) {
      std::vector<int> descriptors;
      for (std::size_t i = first; i < std::min(first + piece, each.sockets.size()); ++i)
        descriptors.push_back(each.sockets[i].get());
      sent = send(to.channel(), hand_over_message::listening, at, descriptors);
    }
  }
  if (sent && api_) sent = send(to.channel(), hand_over_message::api, configuration_->api.addr, {api_->descriptor()});
  const base::secret tickets(server_.ticket_state());
  if (sent) sent = send(to.channel(), hand_over_message::tickets, tickets.reveal());
  if (sent) sent = send(to.channel(), hand_over_message::sticky, route_resolver_.sticky_secret());
  if (sent) sent = send(to.channel(), hand_over_message::inventory_ends);
  return sent;
}

// From here on nothing leads back. New clients wait in the kernel's queues for the moment that this takes.
base::awaitable<base::result<void>> application::leave(successor& to) {
  handed_over_ = true;
  const auto grace = std::min<std::chrono::milliseconds>(configuration_->upgrade.idle_grace, configuration_->timeout_shutdown);
  server_.hand_over(grace, [this](std::vector<proxy::handed_session> sessions) {
    // What is posted may be copied, a descriptor may not.
    auto shared = std::make_shared<std::vector<proxy::handed_session>>(std::move(sessions));
    base::asio::post(context_, [this, shared] {
      sessions_ = std::move(*shared);
      sessions_gathered_ = true;
      step_done_.cancel();
    });
  });
  co_await wait_until(sessions_gathered_);
  if (api_) api_->stop();
  // Before the new process speaks for the service itself.
  tell_supervisor(fmt::format("MAINPID={}", to.pid()));
  for (std::size_t first = 0; first < sessions_.size(); first += sessions_of_message_max) {
    std::vector<const proxy::handed_session*> some;
    std::vector<int> descriptors;
    for (std::size_t i = first; i < std::min(first + sessions_of_message_max, sessions_.size()); ++i) {
      some.push_back(&sessions_[i]);
      descriptors.push_back(sessions_[i].session.fd.get());
    }
    if (auto sent = send(to.channel(), hand_over_message::sessions, to_bytes(some), descriptors); !sent)
      co_return sent.error();
  }
  sessions_.clear();
  co_return send(to.channel(), hand_over_message::yours);
}

base::awaitable<void> application::fail_upgrade(std::unique_ptr<successor> next, base::error why) {
  std::string reason = why.message();
  if (next) {
    const std::string end = co_await next->end();
    process_.upgrade_lines = next->last_lines();
    if (why == base::make_error_code(base::errc::closed)) reason = end;
    if (why == base::make_error_code(base::errc::timed_out))
      reason = fmt::format("it was not ready within {} s", configuration_->upgrade.ready_timeout.count() / 1000);
  }
  successor_ = nullptr;
  process_.upgrade = state::failed;
  process_.upgrade_error = reason;
  if (stopping_) co_return;
  const std::string last = process_.upgrade_lines.empty() ? std::string() : process_.upgrade_lines.back();
  log_.error("the new program did not start, this process goes on", {{"reason", reason}, {"last_line", last}});
  if (std::exchange(certificates_given_, false)) co_await replace_certificates(configuration_);
  write_pid_file();  // another file with the same number: who waits for the outcome sees it
}

// ---- the new process

base::result<void> application::inherit() {
  auto found = predecessor::find();
  if (!found) return found.error();
  predecessor_ = std::move(*found);
  doors_open_ = predecessor_ == nullptr;
  if (!predecessor_) return {};
  auto all = predecessor_->inventory();
  if (!all) return all.error();
  inherited_ = std::move(*all);
  if (!server_.use_ticket_state(inherited_.tickets.reveal())) log_.warn("the session tickets of clients are worth nothing");
  if (!inherited_.sticky.empty()) route_resolver_.use_sticky_secret(inherited_.sticky.reveal());
  inherited_.tickets = {};
  inherited_.sticky = {};
  return {};
}

base::awaitable<bool> application::wait_for_certificates() {
  if (!predecessor_->say(hand_over_message::prepared)) {
    go_on_alone();
    co_return true;
  }
  const auto got = co_await await_message(predecessor_->channel(), base::steady_timer::time_point::max());
  if (stopping_) co_return false;
  if (const auto given = expect(got, hand_over_message::certificates); given) co_return true;
  if (!got) {
    go_on_alone();
    co_return true;
  }
  log_.error("cannot start", {{"reason", "the running process says something else than is expected"}});
  exit_code_ = 1;
  stop();
  co_return false;
}

// It ended in the middle of it: what it had is ours already.
void application::go_on_alone() {
  predecessor_->take_standard_error();
  predecessor_.reset();
  log_.warn("the process that was to hand over is gone, this one serves");
  doors_open_ = true;
  server_.open_doors();
}

base::awaitable<void> application::take_over() {
  co_await wait_until(routes_published_);
  server_.await_workers([this] {
    base::asio::post(context_, [this] {
      workers_ready_ = true;
      step_done_.cancel();
    });
  });
  co_await wait_until(workers_ready_);
  if (stopping_) co_return;
  // What the old process reads of us ends here, and it must not be the one to end last.
  predecessor_->take_standard_error();
  bool is_ours = !predecessor_->say(hand_over_message::ready);
  while (!is_ours) {
    auto got = co_await await_message(predecessor_->channel(), base::steady_timer::time_point::max());
    if (stopping_) co_return;
    is_ours = !got || got->kind == static_cast<char>(hand_over_message::yours);
    if (got && got->kind == static_cast<char>(hand_over_message::sessions))
      server_.adopt_sessions(sessions_of(std::move(*got)));
  }
  log_.info("took over", {{"from", predecessor_->pid()}});
  predecessor_.reset();
  doors_open_ = true;
  publish_streams(make_streams(*configuration_, route_resolver_.book()));
  server_.open_doors();
}

// ---- either

api::process_status application::process() const {
  api::process_status out = process_;
  out.pid = ::getpid();
  return out;
}

void application::write_pid_file() const {
  if (configuration_->pid_file.empty()) return;
  const std::string number = std::to_string(::getpid()) + '\n';
  if (auto written = base::write_file_atomically(configuration_->pid_file, number, pid_file_mode); !written)
    log_.warn("no pid file is written", {{"reason", written.error().message()}});
}

void application::remove_pid_file() const {
  if (configuration_->pid_file.empty()) return;
  constexpr std::size_t bytes_max = 64;
  const auto held = base::read_file(configuration_->pid_file, bytes_max);
  if (!held || *held != std::to_string(::getpid()) + '\n') return;  // another process's by now
  if (auto removed = base::remove_file(configuration_->pid_file); !removed)
    log_.warn("the pid file is not removed", {{"reason", removed.error().message()}});
}

}  // namespace cardea::app
