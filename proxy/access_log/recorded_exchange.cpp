#include "proxy/access_log/recorded_exchange.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstring>
#include <ctime>

namespace cardea::proxy::access_log {
namespace {

// What nobody was told, because there was nobody left: nginx's number for it.
constexpr std::uint16_t client_left = 499;
constexpr std::uint16_t cut_short = 500;

std::uint64_t microseconds_now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
}

// The value of the line "Content-Type: ..." among whole lines.
std::string_view type_among(std::string_view lines) noexcept {
  constexpr std::string_view name = "content-type:";
  while (!lines.empty()) {
    const auto end = std::min(lines.find("\r\n"), lines.size());
    const std::string_view one = lines.substr(0, end);
    if (one.size() > name.size() && base::equal_ignoring_case(one.substr(0, name.size()), name))
      return base::trim(one.substr(name.size()));
    lines.remove_prefix(std::min(end + 2, lines.size()));
  }
  return {};
}

}  // namespace

recorded_exchange::recorded_exchange(http::exchange& real) noexcept : passing_exchange(real), began_(microseconds_now()) {
  notes_ = &told_;
  seen_.client = &real.client();
  seen_.head = &real.head();
}

bool recorded_exchange::send_head(const http::response_start& start) noexcept {
  const bool upgrades = start.status == 101;
  // Before the head is sent: from then on its bytes are somebody else's.
  if (upgrades && inner().head().head_bytes > 0) head_bytes_.assign(inner().bytes(), inner().head().head_bytes);
  if (!inner().send_head(start)) return false;
  upgraded_ = upgrades;
  // Over HTTP/2 a tunnel is open with a 200.
  seen_.status = upgrades && inner().head().is_extended_connect ? std::uint16_t{200} : start.status;
  note_type(start);
  return true;
}

// The backend's head is gone when the line is written.
void recorded_exchange::note_type(const http::response_start& start) noexcept {
  std::string_view type;
  const http::field* const field =
      start.relayed != nullptr ? start.relayed->fields.find(http::field_id::content_type) : nullptr;
  if (field != nullptr)
    type = http::value_of(*field, start.bytes);
  else if (start.relayed == nullptr)
    type = type_among(start.extra_fields);
  const std::size_t size = std::min(type.size(), type_.size());
  if (size > 0) std::memcpy(type_.data(), type.data(), size);
  seen_.content_type = {type_.data(), size};
}

const entry& recorded_exchange::finish() noexcept {
  seen_.bytes = head_bytes_.empty() ? inner().bytes() : head_bytes_.data();
  const bool gone = inner().client_gone();
  if (seen_.status == 0) seen_.status = gone ? client_left : cut_short;
  seen_.complete = (seen_.complete || upgraded_) && !aborted_ && !gone;
  seen_.microseconds = microseconds_now() - began_;
  seen_.route = told_.route;
  seen_.backend_host = told_.backend_host;
  seen_.backend_port = told_.backend_port;
  seen_.behalf = told_.client;
  return seen_;
}

}  // namespace cardea::proxy::access_log
