#include "app/hand_over.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <fcntl.h>


#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace cardea::app {
namespace {

using proxy::net::descriptor_channel;

void append(std::string& to, std::string_view part) {
  const auto size = static_cast<std::uint32_t>(part.size());
  to.append(reinterpret_cast<const char*>(&size), sizeof size).append(part);
}

template <class T>
void append_value(std::string& to, const T& value) {
  append(to, {reinterpret_cast<const char*>(&value), sizeof value});
}

void append_address(std::string& to, const base::address& value) {
  append(to, {reinterpret_cast<const char*>(value.data()), value.size()});
}

/// Takes apart what `append` put together; once something is wrong, everything is.
class parts {
 public:
  explicit parts(std::string_view from) noexcept : rest_(from) {}

  std::string_view next() noexcept {
    std::uint32_t size = 0;
    if (rest_.size() < sizeof size) return fail();
    std::memcpy(&size, rest_.data(), sizeof size);
    rest_.remove_prefix(sizeof size);
    if (rest_.size() < size) return fail();
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }
  template <class T>
  T value() noexcept {
    T out{};
    const std::string_view bytes = next();
    if (bytes.size() != sizeof out)
      fail();
    else
      std::memcpy(&out, bytes.data(), sizeof out);
    return out;
  }
  base::address address() noexcept {
    sockaddr_storage storage{};
    const std::string_view bytes = next();
    if (bytes.size() > sizeof storage || bytes.size() < sizeof(sockaddr_in)) {
      fail();
      return {};
    }
    std::memcpy(&storage, bytes.data(), bytes.size());
    return {reinterpret_cast<const sockaddr*>(&storage), static_cast<socklen_t>(bytes.size())};
  }
  [[nodiscard]] bool good() const noexcept { return good_; }
  [[nodiscard]] bool done() const noexcept { return rest_.empty(); }

 private:
  std::string_view fail() noexcept {
    good_ = false;
    rest_ = {};
    return {};
  }

  std::string_view rest_;
  bool good_ = true;
};

void append_endpoint(std::string& to, const proxy::net::endpoint& at) {
  append_value(to, at.kind);
  append_address(to, at.where);
}

proxy::net::endpoint next_endpoint(parts& from) {
  const auto kind = from.value<proxy::net::transport>();
  return {from.address(), kind};
}

proxy::handed_session next_session(parts& from) {
  proxy::handed_session out;
  out.at = next_endpoint(from);
  out.index = from.value<std::size_t>();
  out.session.flow.client = from.address();
  out.session.flow.local.family = from.value<sa_family_t>();
  out.session.flow.local.interface = from.value<std::uint32_t>();
  out.session.flow.local.ip = from.value<std::array<std::uint8_t, 16>>();
  out.session.backend = from.address();
  return out;
}

using watcher = base::asio::posix::basic_stream_descriptor<base::executor>;

base::awaitable<void> wait_for(watcher& what) { co_await what.async_wait(watcher::wait_read, base::as_result); }
base::awaitable<void> wait_for(base::steady_timer& what) { co_await what.async_wait(base::as_result); }

}  // namespace

std::string to_bytes(const proxy::net::endpoint& at) {
  std::string out;
  append_endpoint(out, at);
  return out;
}

std::optional<proxy::net::endpoint> endpoint_of(std::string_view bytes) {
  parts from(bytes);
  const proxy::net::endpoint out = next_endpoint(from);
  if (!from.good() || !from.done()) return std::nullopt;
  return out;
}

std::string to_bytes(const std::vector<const proxy::handed_session*>& sessions) {
  std::string out;
  for (const proxy::handed_session* each : sessions) {
    append_endpoint(out, each->at);
    append_value(out, each->index);
    append_address(out, each->session.flow.client);
    append_value(out, each->session.flow.local.family);
    append_value(out, each->session.flow.local.interface);
    append_value(out, each->session.flow.local.ip);
    append_address(out, each->session.backend);
  }
  return out;
}

std::vector<proxy::handed_session> sessions_of(descriptor_channel::message from) {
  parts text(from.text);
  std::vector<proxy::handed_session> out;
  for (proxy::net::file_descriptor& each : from.descriptors) {
    out.push_back(next_session(text));
    if (!text.good()) return {};
    out.back().session.fd = std::move(each);
  }
  if (!text.done()) return {};
  return out;
}

base::awaitable<base::result<descriptor_channel::message>> await_message(descriptor_channel& from,
                                                                         base::steady_timer::time_point until) {
  using base::asio::experimental::awaitable_operators::operator||;
  const base::executor where = co_await base::asio::this_coro::executor;
  // A descriptor of its own, because Asio closes what it watches.
  const int fd = ::fcntl(from.get(), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) {
    const base::error_code cause(errno, boost::system::generic_category());
    co_return base::error(cause, "cannot watch the other process: " + cause.message());
  }
  watcher watch(where, fd);
  base::steady_timer timer(where, until);
  while (true) {
    auto got = from.receive();
    if (!got) co_return got.error();
    if (*got) co_return std::move(**got);
    if (base::steady_timer::clock_type::now() >= until)
      co_return base::error(base::errc::timed_out, "the other process says nothing");
    auto readable = wait_for(watch);
    auto too_late = wait_for(timer);
    auto either = std::move(readable) || std::move(too_late);
    co_await std::move(either);
    const auto state = co_await base::asio::this_coro::cancellation_state;
    if (state.cancelled() != base::asio::cancellation_type::none)
      co_return base::error(base::errc::cancelled, "stopping");
  }
}

}  // namespace cardea::app
