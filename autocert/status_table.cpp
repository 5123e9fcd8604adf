#include "autocert/status_table.hpp"

#include "base/rfc3339.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace cardea::autocert {
namespace {

constexpr std::string_view nothing = "-";
constexpr std::size_t gap = 2;

// Name, issuer, key and expiry are as wide as this; the names take what is left.
constexpr std::size_t name_width = 9;
constexpr std::size_t issuer_width = 14;
constexpr std::size_t key_width = 7;
constexpr std::size_t expiry_width = 20;
constexpr std::size_t indent = name_width + gap;

std::string at(std::int64_t seconds) {
  return base::to_rfc3339(std::chrono::system_clock::from_time_t(static_cast<std::time_t>(seconds)));
}

std::string until(std::int64_t seconds, base::wall_time now) {
  const auto left = seconds - std::chrono::system_clock::to_time_t(now);
  const auto size = left < 0 ? -left : left;
  std::string span = size >= 2 * 86'400 ? fmt::format("{} days", size / 86'400)
                     : size >= 2 * 3'600 ? fmt::format("{} hours", size / 3'600)
                     : size >= 2 * 60    ? fmt::format("{} minutes", size / 60)
                                         : fmt::format("{} seconds", size);
  return left < 0 ? span + " ago" : "in " + span;
}

// What could move the cursor or end a line is shown as what it is not.
std::string printable(std::string_view text) {
  std::string out = base::valid_utf8(text);
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return out;
}

// At blanks, or in the middle of a word that is wider than a line.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> out;
  while (!text.empty()) {
    std::size_t end = std::min(width, text.size());
    if (text.size() > width) {
      const auto blank = text.rfind(' ', width);
      if (blank != std::string_view::npos && blank > 0) end = blank;
      while (end > 1 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
    }
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  if (out.empty()) out.emplace_back();
  return out;
}

struct column {
  std::vector<std::string> lines;
  std::size_t width;
};

void add_row(std::string& to, const std::vector<column>& columns) {
  std::size_t height = 0;
  for (const column& each : columns) height = std::max(height, each.lines.size());
  for (std::size_t i = 0; i < height; ++i) {
    std::string line;
    for (const column& each : columns) {
      const std::string& text = i < each.lines.size() ? each.lines[i] : std::string();
      line += text + std::string(each.width > text.size() ? each.width - text.size() + gap : gap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    to += line + '\n';
  }
}

void add_note(std::string& to, std::string_view about, const std::string& text, std::size_t width) {
  constexpr std::size_t about_width = 9;
  bool is_first = true;
  for (const std::string& line : wrapped(printable(text), width - indent - about_width)) {
    to += fmt::format("{:{}}{:{}}{}\n", "", indent, is_first ? about : "", about_width, line);
    is_first = false;
  }
}

std::vector<std::string> cells(const std::vector<std::string>& texts, std::size_t width) {
  std::vector<std::string> out;
  for (const std::string& each : texts)
    for (std::string& line : wrapped(printable(each), width)) out.push_back(std::move(line));
  if (out.empty()) out.emplace_back(nothing);
  return out;
}

std::string profile_of(const certificate_status& what) {
  if (what.wanted_profile.empty()) return what.profile.empty() ? "" : ", profile " + what.profile;
  return (what.profile.empty() ? ", its default profile" : ", profile " + what.profile) + " instead of " +
         what.wanted_profile;
}

void add_certificate(std::string& to, const certificate_status& what, base::wall_time now, std::size_t width) {
  const std::size_t names_width = width - name_width - issuer_width - key_width - expiry_width - 4 * gap;
  const bool is_there = what.not_after != 0;
  const auto& names = is_there ? what.dns_names : what.domains;
  std::vector<std::string> expiry{std::string(is_there ? at(what.not_after) : nothing)};
  if (is_there) expiry.push_back(until(what.not_after, now));
  add_row(to, {{cells({what.provider}, name_width), name_width},
               {cells(names, names_width), names_width},
               {cells({is_there ? what.issuer : std::string(nothing)}, issuer_width), issuer_width},
               {{is_there ? what.key : std::string(nothing)}, key_width},
               {std::move(expiry), expiry_width}});
  const std::string from = what.type + (what.ca.empty() || what.ca == what.type ? "" : ", " + what.ca);
  add_note(to, "from", from + profile_of(what), width);
  if (what.next_renewal == 0)
    add_note(to, "renewal", what.next_renewal_reason, width);
  else
    add_note(to, "renewal",
             fmt::format("{}, {}: {}", at(what.next_renewal), until(what.next_renewal, now),
                         what.next_renewal_reason),
             width);
  if (what.last_error.empty()) return;
  const std::string when = what.failed_at == 0 ? "" : " (" + at(what.failed_at) + ")";
  const std::string tries = what.attempts < 2 ? "" : fmt::format(", attempt {} since the last success", what.attempts);
  add_note(to, "error", what.last_error + when + tries, width);
}

}  // namespace

std::string status_table(const std::vector<certificate_status>& all, base::wall_time now, std::size_t width) {
  width = std::max(width, table_width_min);
  const std::size_t names_width = width - name_width - issuer_width - key_width - expiry_width - 4 * gap;
  std::string out;
  add_row(out, {{{"NAME"}, name_width},
                {{"NAMES"}, names_width},
                {{"ISSUER"}, issuer_width},
                {{"KEY"}, key_width},
                {{"EXPIRES"}, expiry_width}});
  for (const certificate_status& each : all) add_certificate(out, each, now, width);
  return out;
}

}  // namespace cardea::autocert
