#include "proxy/http/path.hpp"

#include "proxy/http/characters.hpp"

#include <algorithm>
#include <cstddef>

namespace cardea::proxy::http {
namespace {

constexpr std::size_t escape_size = 3;

/// REQUIRES: is_escape(text).
char decoded(std::string_view text) noexcept {
  return static_cast<char>(hex_value(text[1]) << 4 | hex_value(text[2]));
}

bool is_escape(std::string_view text) noexcept {
  return text.size() >= escape_size && text[0] == '%' && is_hex(text[1]) && is_hex(text[2]);
}

char upper_hex(char c) noexcept { return c >= 'a' ? static_cast<char>(c - ('a' - 'A')) : c; }

/// The path as it is written. `begin_` is where the segment that is being written begins.
class path_writer {
 public:
  explicit path_writer(std::span<char> out) noexcept : out_(out) {
    put('/');
    begin_ = 1;
  }

  void put(char c) noexcept { out_[size_++] = c; }

  /// At a slash or at the end of the path. False for `..;x` and its like.
  [[nodiscard]] bool end_segment(bool at_slash, bool merges_slashes) noexcept {
    const std::string_view segment{out_.data() + begin_, size_ - begin_};
    const std::size_t dots = std::min(segment.find_first_not_of('.'), segment.size());
    const bool is_dots = dots == 1 || dots == 2;
    const std::string_view rest = segment.substr(dots);
    if (is_dots && (rest.starts_with(';') || rest.starts_with("%3B"))) return false;
    if (is_dots && rest.empty()) {
      size_ = begin_;
      if (dots == 2) leave_parent();
    } else if (at_slash && !(segment.empty() && merges_slashes)) {
      put('/');
    }
    begin_ = size_;
    return true;
  }

  [[nodiscard]] std::string_view written() const noexcept { return {out_.data(), size_}; }

 private:
  /// Back to the slash before the last complete segment; the root stays.
  void leave_parent() noexcept {
    if (size_ == 1) return;
    --size_;
    while (out_[size_ - 1] != '/') --size_;
  }

  std::span<char> out_;
  std::size_t size_ = 0;
  std::size_t begin_ = 0;
};

/// Writes the escape at the begin of `text`.
path_error put_escape(std::string_view text, path_writer& writer) noexcept {
  if (!is_escape(text)) return path_error::malformed_escape;
  const char c = decoded(text);
  if (c == '\0') return path_error::nul;
  if (is_unreserved(c)) {
    writer.put(c);
  } else {
    writer.put('%');
    writer.put(upper_hex(text[1]));
    writer.put(upper_hex(text[2]));
  }
  return path_error::none;
}

bool is_forbidden(char c) noexcept { return static_cast<signed char>(c) <= 0x20 || c == 0x7f || c == '#'; }

}  // namespace

normalised_path normalise_path(std::string_view raw, const path_options& options,
                               std::span<char> out) noexcept {
  const std::size_t question = std::min(raw.find('?'), raw.size());
  const std::string_view path = raw.substr(0, question);
  if (out.size() < std::max<std::size_t>(path.size(), 1)) return {path_error::too_long};
  if (!path.empty() && path.front() != '/') return {path_error::not_absolute};

  path_writer writer(out);
  for (std::size_t at = 1; at < path.size(); ++at) {
    const char c = path[at];
    if (c == '/') {
      if (!writer.end_segment(true, options.merges_slashes)) return {path_error::dot_parameter};
    } else if (c == '%') {
      const path_error error = put_escape(path.substr(at), writer);
      if (error != path_error::none) return {error};
      at += escape_size - 1;
    } else if (c == '\\') {
      return {path_error::backslash};
    } else if (is_forbidden(c)) {
      return {path_error::forbidden_byte};
    } else {
      writer.put(c);
    }
  }
  if (!writer.end_segment(false, options.merges_slashes)) return {path_error::dot_parameter};
  return {path_error::none, writer.written(), raw.substr(question)};
}

std::optional<std::string_view> decode_path(std::string_view normalised, std::span<char> out) noexcept {
  if (out.size() < normalised.size()) return std::nullopt;
  std::size_t size = 0;
  for (std::size_t at = 0; at < normalised.size(); ++at) {
    char c = normalised[at];
    if (c == '%') {
      const std::string_view escape = normalised.substr(at, escape_size);
      if (!is_escape(escape)) return std::nullopt;
      c = decoded(escape);
      if (c == '/' || c == '\\' || !is_text(c) || c == '\t') return std::nullopt;
      at += escape_size - 1;
    }
    out[size++] = c;
  }
  return std::string_view{out.data(), size};
}

}  // namespace cardea::proxy::http
