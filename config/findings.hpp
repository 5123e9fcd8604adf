#pragma once

#include "config/document.hpp"
#include "config/issue.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::config {

/// One load in progress: what was found wrong so far, in any file.
class findings {
 public:
  /// Beyond this many, errors are counted but not kept.
  static constexpr std::size_t errors_max = 500;

  void error(issue one);
  void warn(issue one);
  /// What is harmless but has no effect; said once for each `subject`, however often it is there.
  void note_once(std::string_view subject, issue one);

  /// While one lives, every error and warning begins with `name: `. They do not nest.
  class named_scope {
   public:
    named_scope(findings& of, std::string_view name) : of_(of) { of_.prefix_ = std::string(name) + ": "; }
    ~named_scope() { of_.prefix_.clear(); }
    named_scope(const named_scope&) = delete;
    named_scope& operator=(const named_scope&) = delete;

   private:
    findings& of_;
  };

  [[nodiscard]] std::size_t error_count() const noexcept { return errors_.size() + dropped_; }
  /// All errors; a last one says how many more there were.
  [[nodiscard]] std::vector<issue> take_errors();
  [[nodiscard]] std::vector<issue> take_warnings() { return std::move(warnings_); }
  [[nodiscard]] std::vector<issue> take_notes() { return std::move(notes_); }

  /// Keeps a tree that was parsed on the way (YAML in a string) as long as this object lives.
  const node& keep(node value);

 private:
  std::vector<issue> errors_;
  std::vector<issue> warnings_;
  std::vector<issue> notes_;
  std::set<std::string, std::less<>> noted_;
  std::deque<node> kept_;
  std::string prefix_;
  std::size_t dropped_ = 0;
};

}  // namespace cardea::config
