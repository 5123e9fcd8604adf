#include "app/predecessor.hpp"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace cardea::app {
namespace {

using proxy::net::descriptor_channel;
using proxy::net::file_descriptor;

constexpr const char* variable = "CARDEA_HAND_OVER";
constexpr std::chrono::seconds patience{10};

// The channel's message is wiped: a secret has one place.
base::secret take_secret(std::string& from) {
  base::secret out{std::string(from)};
  ::explicit_bzero(from.data(), from.size());
  return out;
}

base::result<void> take_listening(inheritance& into, descriptor_channel::message& from) {
  const auto at = endpoint_of(from.text);
  if (!at || from.descriptors.empty()) return base::error(base::errc::protocol, "a listening socket without its address");
  for (auto& each : into.listening) {
    if (!(each.at == *at)) continue;
    std::move(from.descriptors.begin(), from.descriptors.end(), std::back_inserter(each.sockets));
    return {};
  }
  into.listening.push_back({*at, std::move(from.descriptors)});
  return {};
}

}  // namespace

std::string hand_over_entry() { return std::string(hand_over_variable_prefix) + std::to_string(::getpid()); }

base::result<std::unique_ptr<predecessor>> predecessor::find() {
  const char* const value = std::getenv(variable);
  if (value == nullptr) return std::unique_ptr<predecessor>();
  const std::string text = value;
  ::unsetenv(variable);
  pid_t pid = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (failure != std::errc{} || end != text.data() + text.size() || !descriptor_channel::is_channel(hand_over_descriptor))
    return base::error(base::errc::invalid_argument,
                       "CARDEA_HAND_OVER is set, and nobody hands anything over; unset it");
  // Nobody whom we start shall have these.
  for (const int fd : {hand_over_descriptor, hand_over_errors}) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return std::unique_ptr<predecessor>(new predecessor(pid, descriptor_channel(file_descriptor(hand_over_descriptor)),
                                                      file_descriptor(hand_over_errors)));
}

base::result<inheritance> predecessor::inventory() {
  inheritance out;
  bool is_greeted = false;
  while (true) {
    auto got = channel_.await(patience);
    if (!got) return got.error().at("the hand-over");
    switch (static_cast<hand_over_message>(got->kind)) {
      case hand_over_message::hello:
        if (got->text != hand_over_protocol)
          return base::error(base::errc::protocol, "the running process hands over as '" + got->text +
                                                       "', which this release does not know: restart instead");
        is_greeted = true;
        break;
      case hand_over_message::listening:
        if (auto taken = take_listening(out, *got); !taken) return taken.error().at("the hand-over");
        break;
      case hand_over_message::api:
        out.api_addr = std::move(got->text);
        if (!got->descriptors.empty()) out.api = std::move(got->descriptors.front());
        break;
      case hand_over_message::tickets: out.tickets = take_secret(got->text); break;
      case hand_over_message::sticky: out.sticky = take_secret(got->text); break;
      case hand_over_message::inventory_ends:
        if (is_greeted) return out;
        [[fallthrough]];
      default:
        return base::error(base::errc::protocol, "the running process says something else than is expected");
    }
  }
}

base::result<void> predecessor::say(hand_over_message what) { return channel_.send(static_cast<char>(what), {}); }

void predecessor::take_standard_error() noexcept {
  std::fflush(stderr);
  if (errors_) ::dup2(errors_.get(), STDERR_FILENO);
  errors_.reset();
}

}  // namespace cardea::app
