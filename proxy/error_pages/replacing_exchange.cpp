#include "proxy/error_pages/replacing_exchange.hpp"

#include "base/text.hpp"
#include "proxy/http/error_form.hpp"
#include "proxy/http/error_page.hpp"
#include "proxy/http/grpc.hpp"

#include <algorithm>
#include <array>

namespace cardea::proxy::error_pages {
namespace {

// What is said of the content that goes (RFC 9110 section 8), and of its bytes.
constexpr std::array<std::string_view, 14> content_fields{
    "accept-ranges",    "content-digest", "content-disposition", "content-encoding", "content-language",
    "content-length",   "content-location", "content-md5",       "content-range",    "content-type",
    "digest",           "etag",           "last-modified",       "repr-digest"};

bool is_of_content(std::string_view name) noexcept {
  return std::any_of(content_fields.begin(), content_fields.end(),
                     [&](std::string_view each) { return base::equal_ignoring_case(name, each); });
}

/// Calls `visit(line, name, value)` for each of some "Name: value\r\n" lines.
template <class Visitor>
void for_each_line(std::string_view lines, Visitor visit) {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find("\r\n"), lines.size() - std::min<std::size_t>(lines.size(), 2));
    const std::string_view line = lines.substr(0, end + 2);
    const std::size_t colon = std::min(line.find(':'), line.size());
    visit(line, line.substr(0, colon), base::trim(line.substr(std::min(colon + 1, line.size()))));
    lines.remove_prefix(line.size());
  }
}

std::string_view type_of(const http::response_start& start) noexcept {
  std::string_view out;
  for_each_line(start.extra_fields, [&](std::string_view, std::string_view name, std::string_view value) noexcept {
    if (base::equal_ignoring_case(name, "content-type")) out = value;
  });
  if (!out.empty() || start.relayed == nullptr) return out;
  const http::field* const line = start.relayed->fields.find(http::field_id::content_type);
  return line == nullptr ? std::string_view{} : http::value_of(*line, start.bytes);
}

bool is_for_people(std::string_view type) noexcept {
  const std::string_view name = base::trim(type.substr(0, type.find(';')));
  return base::equal_ignoring_case(name, "text/html") || base::equal_ignoring_case(name, "text/plain");
}

}  // namespace

replacing_exchange::replacing_exchange(http::exchange& real, const config::error_page_files& pages,
                                       bool of_backends) noexcept
    : passing_exchange(real), pages_(pages), of_backends_(of_backends) {}

const std::string* replacing_exchange::page_for(const http::response_start& start) const noexcept {
  if (start.status < 400 || (start.relayed != nullptr && !of_backends_)) return nullptr;
  const std::string* const page = find_page(pages_, start.status);
  if (page == nullptr || !is_for_people(type_of(start)) || http::is_grpc(inner())) return nullptr;
  return http::choose_error_form(inner().head(), inner().bytes()) == http::error_form::page ? page : nullptr;
}

bool replacing_exchange::send_page(const http::response_start& start, const std::string& page) {
  std::string lines;
  for_each_line(start.extra_fields, [&](std::string_view line, std::string_view name, std::string_view) {
    if (!is_of_content(name)) lines += line;
  });
  lines += "Content-Type: ";
  lines += http::error_page_type;
  lines += "\r\n";
  http::response_start ours = start;
  http::response_head kept;
  if (start.relayed != nullptr) {
    kept = *start.relayed;
    kept.fields.clear();
    for (const http::field& line : start.relayed->fields)
      if (!is_of_content(http::name_of(line, start.bytes))) static_cast<void>(kept.fields.add(line));
    ours.relayed = &kept;
  }
  ours.extra_fields = lines;
  ours.framing = inner().head().is_head ? http::body_framing::none : http::body_framing::length;
  ours.content_length = page.size();
  ours.announce_length = true;
  if (!inner().send_head(ours)) return false;
  replaces_ = true;
  if (!inner().head().is_head) rest_ = page;
  push();
  return true;
}

bool replacing_exchange::send_head(const http::response_start& start) noexcept {
  const std::string* const page = page_for(start);
  return page == nullptr ? inner().send_head(start) : send_page(start, *page);
}

void replacing_exchange::push() noexcept {
  while (!rest_.empty()) {
    const std::size_t taken = inner().write_body(rest_);
    if (taken == 0) return;
    rest_.remove_prefix(taken);
  }
  if (!ended_ || end_told_) return;
  end_told_ = true;
  inner().end_body({});
}

std::size_t replacing_exchange::write_body(std::string_view data) noexcept {
  if (!replaces_) return inner().write_body(data);
  push();
  return data.size();
}

void replacing_exchange::end_body(std::string_view trailers) noexcept {
  if (!replaces_) return inner().end_body(trailers);
  ended_ = true;
  push();
}

net::io replacing_exchange::flush() noexcept {
  if (!replaces_) return inner().flush();
  while (true) {
    push();
    const std::size_t before = rest_.size();
    const net::io state = inner().flush();
    if (state != net::io::done || rest_.empty()) return state;
    push();
    if (rest_.size() == before) return net::io::blocked;
  }
}

}  // namespace cardea::proxy::error_pages
