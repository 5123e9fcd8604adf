#include "proxy/middleware/edited_exchange.hpp"

#include "base/text.hpp"
#include "proxy/http/authority.hpp"
#include "proxy/middleware/field_lines.hpp"

#include <algorithm>

namespace cardea::proxy::middleware {
namespace {

// What a usual head needs; only an unusual one gives its memory back.
constexpr std::size_t kept_bytes = 16 * 1024;

void shrink(std::string& text) noexcept {
  text.clear();
  if (text.capacity() > kept_bytes) std::string().swap(text);
}

std::string_view value_of(const http::header_table& fields, const char* bytes, std::string_view name) noexcept {
  for (const http::field& line : fields)
    if (base::equal_ignoring_case(http::name_of(line, bytes), name)) return http::value_of(line, bytes);
  return {};
}

void remove_from(http::header_table& fields, const char* bytes, std::string_view name) noexcept {
  const auto is_it = [&](const http::field& line) { return base::equal_ignoring_case(http::name_of(line, bytes), name); };
  if (std::none_of(fields.begin(), fields.end(), is_it)) return;
  const http::header_table all = fields;
  fields.clear();
  for (const http::field& line : all)
    if (!is_it(line)) static_cast<void>(fields.add(line));
}

}  // namespace

void response_edit::begin(const http::response_start& start) {
  start_ = start;
  lines_ = start.extra_fields;
  if (start.relayed != nullptr) relayed_ = *start.relayed;
}

std::string_view response_edit::field(std::string_view name) const noexcept {
  if (const std::string_view added = value_in(lines_, name); !added.empty()) return added;
  return start_.relayed == nullptr ? std::string_view() : value_of(relayed_.fields, start_.bytes, name);
}

void response_edit::remove(std::string_view name) {
  remove_lines(lines_, name);
  if (start_.relayed != nullptr) remove_from(relayed_.fields, start_.bytes, name);
}

void response_edit::add(std::string_view name, std::string_view value) { add_line(lines_, name, value); }

http::response_start response_edit::finish() noexcept {
  if (start_.relayed != nullptr) start_.relayed = &relayed_;
  start_.extra_fields = lines_;
  return start_;
}

void response_edit::shrink() noexcept { middleware::shrink(lines_); }

void edited_exchange::begin(http::exchange& of) {
  pass_on_to(&of);
  head_ = of.head();
  text_.assign(of.bytes(), head_.head_bytes);
  client_ = of.client();
  hides_forwarded_ = false;
  forwarded_host_.clear();
  link_count_ = 0;
}

void edited_exchange::end() noexcept {
  pass_on_to(nullptr);
  for (std::string* each : {&text_, &client_.forwarded_fields, &forwarded_host_, &scratch_, &normal_path_}) shrink(*each);
  response_.shrink();
}

http::slice edited_exchange::append(std::string_view text) {
  const http::slice out{static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(text.size())};
  text_ += text;
  return out;
}

std::string_view edited_exchange::path() const noexcept {
  const std::string_view all = head_.path.in(text_.data());
  return all.substr(0, all.find('?'));
}

std::string_view edited_exchange::query() const noexcept {
  const std::string_view all = head_.path.in(text_.data());
  return all.substr(std::min(all.find('?'), all.size()));
}

std::string_view edited_exchange::field(std::string_view name) const noexcept {
  if (base::equal_ignoring_case(name, "host")) return head_.host.in(text_.data());
  if (const std::string_view ours = value_in(client_.forwarded_fields, name); !ours.empty()) return ours;
  return value_of(head_.fields, text_.data(), name);
}

void edited_exchange::set_path(std::string_view path) {
  const std::size_t query_bytes = query().size();
  const std::size_t query_at = head_.path.offset + head_.path.size - query_bytes;
  text_.reserve(text_.size() + path.size() + query_bytes);  // so that the query may be copied from itself
  http::slice all = append(path);
  all.size += append(std::string_view(text_).substr(query_at, query_bytes)).size;
  head_.path = all;
}

bool edited_exchange::set_host(std::string_view host) {
  if (!http::parse_authority(host)) return false;
  if (forwarded_host_.empty()) forwarded_host_ = head_.host.in(text_.data());
  head_.host = append(host);
  return true;
}

void edited_exchange::remove_field(std::string_view name) {
  remove_from(head_.fields, text_.data(), name);
  remove_lines(client_.forwarded_fields, name);
  if (base::equal_ignoring_case(name, "x-forwarded-host")) hides_forwarded_ = true;
}

void edited_exchange::add_field(std::string_view name, std::string_view value) {
  add_line(client_.forwarded_fields, name, value);
  if (base::equal_ignoring_case(name, "x-forwarded-host")) hides_forwarded_ = true;
}

void edited_exchange::remove_forwarded() {
  remove_lines_from(client_.forwarded_fields, "x-forwarded-");
  hides_forwarded_ = true;
}

void edited_exchange::set_client(std::string_view address) {
  if (address == client_.address) return;
  client_.address = address;
  if (notes_ != nullptr) notes_->client = client_.address;
  if (value_in(client_.forwarded_fields, "x-forwarded-for").empty()) return;
  remove_lines(client_.forwarded_fields, "x-forwarded-for");
  add_line(client_.forwarded_fields, "X-Forwarded-For", client_.address);
}

void edited_exchange::answer_through(const response_editor& edits, const route_facts& facts) noexcept {
  if (link_count_ < chains_max) links_[link_count_++] = {&edits, &facts};
}

std::string_view edited_exchange::forwarded_host() const noexcept {
  if (hides_forwarded_) return {};
  return forwarded_host_.empty() ? head_.host.in(text_.data()) : std::string_view(forwarded_host_);
}

bool edited_exchange::send_head(const http::response_start& start) noexcept {
  const auto edits = [](const link& each) { return each.edits->edits_responses(); };
  if (std::none_of(links_.begin(), links_.begin() + link_count_, edits)) return inner().send_head(start);
  response_.begin(start);
  for (std::size_t i = link_count_; i-- > 0;) links_[i].edits->on_response(response_, *this, *links_[i].facts);
  return inner().send_head(response_.finish());
}

}  // namespace cardea::proxy::middleware
