#pragma once

#include "config/document.hpp"
#include "config/findings.hpp"
#include "config/issue.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// Typed access to a document that goes on after an error, so that one run
/// names everything that is wrong.
namespace cardea::config {

struct place {
  std::string_view file;
  position at;
  std::string path;
};

/// A value in its place. Cheap to copy but for the path; the document and the
/// findings must outlive it.
///
/// Every conversion gives nothing for null, for the empty string (except
/// `text`), for a value whose variable is unset, and after it reported an
/// error: the caller keeps its default and goes on.
class value {
 public:
  static constexpr std::size_t list_items_max = 10'000;

  value(findings& to, const node& what, place where, bool secret);

  [[nodiscard]] const node& tree() const noexcept { return *node_; }
  [[nodiscard]] const place& where() const noexcept { return where_; }
  [[nodiscard]] bool secret() const noexcept { return secret_; }
  [[nodiscard]] bool is_null() const noexcept { return node_->kind == node_kind::null; }
  /// Null, "", an empty list or mapping, false or 0: what switches nothing on.
  [[nodiscard]] bool is_off() const;

  [[nodiscard]] std::optional<std::string> text() const;
  [[nodiscard]] std::optional<bool> boolean() const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::int64_t low, std::int64_t high) const;
  [[nodiscard]] std::optional<std::chrono::milliseconds> duration(std::chrono::milliseconds low,
                                                                  std::chrono::milliseconds high) const;
  [[nodiscard]] std::optional<std::size_t> size(std::size_t low, std::size_t high) const;
  /// "", "off" or an address to listen on; in canonical form, "" for off.
  [[nodiscard]] std::optional<std::string> listen_address() const;

  /// The elements of a list. A string counts as one: separated by commas, or
  /// YAML when it has several lines or begins with `-` or `[`. No more than
  /// list_items_max of them.
  [[nodiscard]] std::vector<value> items() const;
  /// Itself when it is a mapping, or a string that holds one in YAML.
  [[nodiscard]] std::optional<value> as_mapping() const;

  void fail(errc code, std::string text) const;
  void warn(std::string text) const;
  /// "expected `what`, found ..." with the value, or `***` when it may be secret.
  void expected(std::string_view what, std::string_view hint = {}) const;
  [[nodiscard]] std::string found() const;
  [[nodiscard]] findings& sink() const noexcept { return *findings_; }

 private:
  [[nodiscard]] const std::string* scalar(std::string_view what) const;
  [[nodiscard]] std::optional<value> nested_yaml() const;

  findings* findings_;
  const node* node_;
  place where_;
  bool secret_;
};

/// The keys of one mapping. Whatever nobody asked for is an unknown key.
class mapping {
 public:
  /// REQUIRES: `of.tree()` is a mapping.
  explicit mapping(value of);

  /// The value of a key, compared without case and underscores.
  [[nodiscard]] std::optional<value> take(std::string_view key);

  void read(std::string_view key, std::string& into);
  void read(std::string_view key, bool& into);
  void read(std::string_view key, std::chrono::milliseconds& into, std::chrono::milliseconds low,
            std::chrono::milliseconds high);
  void read_integer(std::string_view key, std::size_t& into, std::int64_t low, std::int64_t high);
  void read_size(std::string_view key, std::size_t& into, std::size_t low, std::size_t high);
  /// A string that stays as it is when the value is empty.
  void read_non_empty(std::string_view key, std::string& into);

  /// Keys of GoDoxy that this version does not implement and must not ignore:
  /// an error each, unless the value switches nothing on.
  void refuse(std::span<const std::string_view> keys);
  /// Reports every key that was not taken.
  void finish();

  [[nodiscard]] const value& whole() const noexcept { return of_; }
  /// Where a key that is missing would belong.
  [[nodiscard]] place place_of(std::string_view key) const;

 private:
  value of_;
  std::unordered_map<std::string, const member*> members_;
  std::vector<std::string_view> known_;  // keys asked for: literals of the callers
  std::set<const member*> taken_;
};

}  // namespace cardea::config
