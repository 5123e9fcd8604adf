#include "proxy/access_log/recorder.hpp"

#include "proxy/access_log/filter.hpp"
#include "proxy/access_log/format.hpp"

namespace cardea::proxy::access_log {
namespace {

constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

// The text of a second is made once.
std::string_view recorder::now() noexcept {
  timespec current{};
  clock_gettime(CLOCK_REALTIME_COARSE, &current);
  if (current.tv_sec != second_) {
    second_ = current.tv_sec;
    tm local{};
    localtime_r(&second_, &local);
    // strftime's %b speaks the locale's language.
    const char* const month = months[static_cast<std::size_t>(local.tm_mon)];
    const std::size_t day = std::strftime(time_.data(), time_.size(), "%d/", &local);
    std::size_t size = day;
    for (const char* c = month; *c != '\0'; ++c) time_[size++] = *c;
    time_size_ = size + std::strftime(time_.data() + size, time_.size() - size, "/%Y:%H:%M:%S %z", &local);
  }
  return {time_.data(), time_size_};
}

void recorder::write(const logger& how, const entry& what) noexcept {
  if (feed_ == nullptr || !keeps(how.how.filters, what)) return;
  char* const room = feed_->lines.reserve(limits_.line_bytes_max);
  if (room == nullptr) {
    feed_->dropped.store(feed_->dropped.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return;
  }
  feed_->lines.commit(write_line(how.how, what, now(), room, limits_.line_bytes_max), how.to);
  journal_.wake();
}

}  // namespace cardea::proxy::access_log
