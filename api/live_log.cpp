#include "api/live_log.hpp"

#include "base/utf8.hpp"

#include <boost/asio/post.hpp>

#include <mutex>
#include <utility>

namespace cardea::api {

// Shared with the log's call-back and the posted hand-over, which may run
// after the owner has gone (`owner` is null then).
struct live_log::stage {
  std::mutex mutex;
  std::vector<std::string> lines;  ///< guarded by mutex
  std::size_t lost_count = 0;      ///< guarded by mutex
  bool posted = false;             ///< guarded by mutex
  live_log* owner = nullptr;       ///< control thread only
};

live_log::live_log(base::executor where) : where_(where), stage_(std::make_shared<stage>()) {
  stage_->owner = this;
}

live_log::~live_log() { stage_->owner = nullptr; }

void live_log::attach(std::shared_ptr<outbox> box) {
  drain();  // what was logged before is not for the newcomer
  boxes_.push_back(std::move(box));
  if (boxes_.size() > 1) return;
  subscription_ = base::subscribe_to_log([stage = stage_, where = where_](const base::log_line& line) {
    if (is_own_chatter(line)) return;
    const std::lock_guard lock(stage->mutex);
    if (stage->lines.size() >= staged_lines_max)
      ++stage->lost_count;
    else
      stage->lines.push_back(line.text);
    if (std::exchange(stage->posted, true)) return;
    boost::asio::post(where, [stage] {
      if (stage->owner != nullptr) stage->owner->drain();
    });
  });
}

void live_log::detach(const std::shared_ptr<outbox>& box) {
  std::erase(boxes_, box);
  if (boxes_.empty()) subscription_ = {};
}

void live_log::drain() {
  std::vector<std::string> lines;
  {
    const std::lock_guard lock(stage_->mutex);
    lines.swap(stage_->lines);
    stage_->posted = false;
    if (const auto lost = std::exchange(stage_->lost_count, 0); lost > 0)
      lines.push_back("(" + std::to_string(lost) + " lines are missing here)");
  }
  for (const std::string& line : lines) {
    const std::string text = base::valid_utf8(line);
    for (const auto& box : boxes_) box->push(text);
  }
}

bool is_own_chatter(const base::log_line& line) noexcept {
  if (line.level >= base::log_level::info) return false;
  // The logger's own fields stand before any value that a peer could choose.
  constexpr std::string_view key = " component=";
  const std::string_view text = line.text;
  const auto begin = text.find(key);
  if (begin == std::string_view::npos) return false;
  const std::string_view rest = text.substr(begin + key.size());
  return rest.substr(0, rest.find(' ')) == "api";
}

}  // namespace cardea::api
