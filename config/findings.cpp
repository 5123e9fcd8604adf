#include "config/findings.hpp"

#include <fmt/format.h>

namespace cardea::config {

void findings::error(issue one) {
  one.text.insert(0, prefix_);
  if (errors_.size() < errors_max)
    errors_.push_back(std::move(one));
  else
    ++dropped_;
}

void findings::warn(issue one) {
  one.text.insert(0, prefix_);
  if (warnings_.size() < errors_max) warnings_.push_back(std::move(one));
}

void findings::note_once(std::string_view subject, issue one) {
  if (noted_.emplace(subject).second) notes_.push_back(std::move(one));
}

std::vector<issue> findings::take_errors() {
  if (dropped_ > 0)
    errors_.push_back(
        {errc::limit_exceeded, {}, {}, {}, fmt::format("{} more errors are not listed", dropped_)});
  dropped_ = 0;
  return std::move(errors_);
}

const node& findings::keep(node value) { return kept_.emplace_back(std::move(value)); }

}  // namespace cardea::config
