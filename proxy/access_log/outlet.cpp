#include "proxy/access_log/outlet.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cardea::proxy::access_log {
namespace {

constexpr std::chrono::seconds retry_interval{1};
constexpr std::chrono::seconds tend_interval{1};
constexpr std::chrono::minutes told_interval{1};

}  // namespace

void outlet::take(std::string_view line) {
  if (waiting_.size() + line.size() > waiting_bytes_max)
    ++dropped_;
  else
    waiting_ += line;
}

void outlet::drop_waiting() noexcept {
  dropped_ += static_cast<std::uint64_t>(std::count(waiting_.begin() + static_cast<std::ptrdiff_t>(written_), waiting_.end(), '\n'));
  waiting_.clear();
  written_ = 0;
}

bool outlet::work(moment now) {
  flush(now);
  bool again = false;
  if (now >= tend_at_) {
    again = to_->tend(now);
    tend_at_ = again ? now : now + tend_interval;
    flush(now);
  }
  return again || (!waiting_.empty() && now >= retry_at_);
}

void outlet::flush(moment now) {
  if (generation_ != to_->generation()) {
    // Another file: a line that the old one has a part of begins anew, so that no line begins in its middle.
    generation_ = to_->generation();
    forget_written();
    written_ = 0;
    retry_at_ = {};
  }
  if (now < retry_at_) return;
  while (written_ < waiting_.size()) {
    const long size = to_->write(std::string_view(waiting_).substr(written_));
    if (size > 0) {
      written_ += static_cast<std::size_t>(size);
      continue;
    }
    const int failure = size == 0 ? EIO : errno;
    if (failure == EINTR) continue;
    // Who reads slowly is asked again with the next batch.
    if (failure == EAGAIN) return forget_written();
    retry_at_ = now + retry_interval;
    return tell(now, failure);
  }
  waiting_.clear();
  written_ = 0;
}

// Of what waits, the lines that are written as a whole.
void outlet::forget_written() {
  const auto end = written_ == 0 ? std::string::npos : waiting_.rfind('\n', written_ - 1);
  if (end == std::string::npos) return;
  waiting_.erase(0, end + 1);
  written_ -= end + 1;
}

void outlet::tell(moment now, int failure) {
  if (now < quiet_until_) return;
  quiet_until_ = now + told_interval;
  log_.error("the access log cannot be written, lines wait and are dropped when they are too many",
             {{"path", to_->name()}, {"reason", std::strerror(failure)}});
}

}  // namespace cardea::proxy::access_log
