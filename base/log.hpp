#pragma once

#include <fmt/format.h>

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace cardea::base {

/// error = an operator must act; warn = degraded, heals itself; info = life
/// cycle; debug = per connection; trace = per frame.
enum class log_level { trace, debug, info, warn, error };

struct log_field {
  std::string name;
  std::string value;

  template <class T>
  log_field(std::string_view field_name, const T& field_value) : name(field_name), value(fmt::to_string(field_value)) {}
  log_field(std::string_view field_name, const std::string& field_value) : name(field_name), value(field_value) {}
};

/// One emitted line. `text` is what stderr shows (time, level, sentence and
/// `name=value` fields, control bytes escaped), without a line end.
struct log_line {
  log_level level;
  std::string text;
};

/// A small value that carries fixed fields and is passed down, never looked up.
///
/// A message is a fixed sentence plus fields, so that lines can be searched
/// for; secrets never go into either. Thread-safe.
class logger {
 public:
  /// A logger whose lines carry `component=...`.
  explicit logger(std::string_view component);

  /// The same with one more fixed field.
  [[nodiscard]] logger with(log_field field) const;

  using fields = std::initializer_list<log_field>;
  void trace(std::string_view sentence, fields more = {}) const { write(log_level::trace, sentence, more); }
  void debug(std::string_view sentence, fields more = {}) const { write(log_level::debug, sentence, more); }
  void info(std::string_view sentence, fields more = {}) const { write(log_level::info, sentence, more); }
  void warn(std::string_view sentence, fields more = {}) const { write(log_level::warn, sentence, more); }
  void error(std::string_view sentence, fields more = {}) const { write(log_level::error, sentence, more); }

 private:
  void write(log_level level, std::string_view sentence, fields more) const;

  std::string prefix_;
};

/// Whether a line of that level would be emitted: guard for fields that cost something to make.
[[nodiscard]] bool log_enabled(log_level level) noexcept;
void set_log_level(log_level level) noexcept;

/// Ends the subscription when it dies; no call-back runs after that.
class log_subscription {
 public:
  class entry;
  log_subscription() = default;
  explicit log_subscription(std::shared_ptr<entry> value) : entry_(std::move(value)) {}
  log_subscription(log_subscription&&) = default;
  log_subscription& operator=(log_subscription&&) noexcept;
  ~log_subscription();

 private:
  std::shared_ptr<entry> entry_;
};

/// Calls `receive` for every line that is emitted from now on.
///
/// On the logging thread, under the log's lock: it must only hand the line
/// over (post it) and must not log.
[[nodiscard]] log_subscription subscribe_to_log(std::function<void(const log_line&)> receive);

/// Writes out what is buffered; called before the process ends.
void flush_log();

}  // namespace cardea::base
