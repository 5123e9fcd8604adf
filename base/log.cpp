#include "base/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>

namespace cardea::base {

class log_subscription::entry {
 public:
  explicit entry(std::function<void(const log_line&)> receive) : receive_(std::move(receive)) {}

  void deliver(const log_line& line) {
    const std::lock_guard lock(mutex_);
    if (receive_) receive_(line);
  }
  void end() {
    const std::lock_guard lock(mutex_);
    receive_ = nullptr;
  }

 private:
  std::mutex mutex_;
  std::function<void(const log_line&)> receive_;
};

namespace {

constexpr const char* line_pattern = "%Y-%m-%dT%H:%M:%S.%e%z %^%-5l%$ %v";

log_level from_spdlog(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace: return log_level::trace;
    case spdlog::level::debug: return log_level::debug;
    case spdlog::level::info: return log_level::info;
    case spdlog::level::warn: return log_level::warn;
    default: return log_level::error;
  }
}

spdlog::level::level_enum to_spdlog(log_level level) {
  switch (level) {
    case log_level::trace: return spdlog::level::trace;
    case log_level::debug: return spdlog::level::debug;
    case log_level::info: return spdlog::level::info;
    case log_level::warn: return spdlog::level::warn;
    case log_level::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

// Fans lines out to the live subscribers.
class subscriber_sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void add(std::weak_ptr<log_subscription::entry> subscriber) {
    const std::lock_guard lock(mutex_);
    subscribers_.push_back(std::move(subscriber));
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (subscribers_.empty()) return;
    spdlog::memory_buf_t formatted;
    formatter_->format(message, formatted);
    const log_line line{from_spdlog(message.level), {formatted.data(), formatted.size()}};
    std::erase_if(subscribers_, [](const auto& subscriber) { return subscriber.expired(); });
    for (const auto& subscriber : subscribers_)
      if (const auto live = subscriber.lock()) live->deliver(line);
  }
  void flush_() override {}

 private:
  std::vector<std::weak_ptr<log_subscription::entry>> subscribers_;
};

struct sinks {
  std::shared_ptr<subscriber_sink> live = std::make_shared<subscriber_sink>();
  spdlog::logger root;

  sinks() : root("cardea", {std::make_shared<spdlog::sinks::stderr_color_sink_mt>(), live}) {
    root.set_pattern(line_pattern);
    live->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        line_pattern, spdlog::pattern_time_type::local, std::string{}));
    root.flush_on(spdlog::level::info);
  }
};

sinks& instance() {
  static sinks all;
  return all;
}

// A peer's bytes may stand in a field: none of them may end the line or move the cursor (L12).
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f)
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    else
      out += c;
  }
}

void append_field(std::string& out, const log_field& field) {
  out += ' ';
  out += field.name;
  out += '=';
  const bool quoted = field.value.empty() || field.value.find_first_of(" \"=") != std::string::npos;
  if (quoted) out += '"';
  append_escaped(out, field.value);
  if (quoted) out += '"';
}

}  // namespace

logger::logger(std::string_view component) { append_field(prefix_, {"component", component}); }

logger logger::with(log_field field) const {
  logger out = *this;
  append_field(out.prefix_, field);
  return out;
}

void logger::write(log_level level, std::string_view sentence, fields more) const {
  if (!log_enabled(level)) return;
  std::string text;
  append_escaped(text, sentence);
  text += prefix_;
  for (const log_field& field : more) append_field(text, field);
  instance().root.log(to_spdlog(level), spdlog::string_view_t(text));
}

bool log_enabled(log_level level) noexcept { return instance().root.should_log(to_spdlog(level)); }
void set_log_level(log_level level) noexcept { instance().root.set_level(to_spdlog(level)); }

log_subscription& log_subscription::operator=(log_subscription&& other) noexcept {
  if (this != &other) {
    if (entry_) entry_->end();
    entry_ = std::move(other.entry_);
  }
  return *this;
}

log_subscription::~log_subscription() {
  if (entry_) entry_->end();
}

log_subscription subscribe_to_log(std::function<void(const log_line&)> receive) {
  auto subscriber = std::make_shared<log_subscription::entry>(std::move(receive));
  instance().live->add(subscriber);
  return log_subscription(std::move(subscriber));
}

void flush_log() { instance().root.flush(); }

}  // namespace cardea::base
