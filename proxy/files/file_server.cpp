#include "proxy/files/file_server.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "proxy/files/byte_ranges.hpp"
#include "proxy/files/coding_choice.hpp"
#include "proxy/files/listing.hpp"
#include "proxy/files/representation.hpp"
#include "proxy/files/welcome_page.hpp"
#include "proxy/http/date.hpp"
#include "proxy/http/error_page.hpp"
#include "proxy/http/path.hpp"

#include <array>
#include <chrono>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace cardea::proxy::files {
namespace {

using http::failure;
using http::failure_kind;
using http::side;

std::int64_t wall_seconds() noexcept {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()).time_since_epoch().count();
}

/// What a request target names (T07).
struct target {
  bool usable = false;
  std::string path;     ///< decoded
  std::string segment;  ///< the last one as it stands in a URL
  std::string query;    ///< with its question mark
};

target read_target(std::string_view from) {
  target out;
  std::vector<char> normalised(from.size() + 1);
  const http::normalised_path clean = http::normalise_path(from, {}, normalised);
  if (clean.error != http::path_error::none) return out;
  std::vector<char> decoded(clean.path.size() + 1);
  const auto bytes = http::decode_path(clean.path, decoded);
  if (!bytes || bytes->empty()) return out;
  out.usable = true;
  out.path = *bytes;
  out.segment = clean.path.substr(clean.path.rfind('/') + 1);
  out.query = clean.query;
  return out;
}

// What stands in the way is the same for every request: one line a second for each worker is enough to know.
void tell(const found& trouble, const config::files_section& section, std::string_view path, base::tick_ms now) {
  thread_local base::tick_ms quiet_until = 0;
  if (now < quiet_until) return;
  quiet_until = now + 1'000;
  const base::logger log("files");
  log.warn("a file cannot be read",
           {{"root", section.root}, {"path", path}, {"reason", std::strerror(trouble.error)}});
}

failure failure_of(found::kind what) noexcept {
  switch (what) {
    case found::kind::forbidden: return {failure_kind::refused_request, side::internal, 403, "not readable for us"};
    case found::kind::exhausted: return {failure_kind::overloaded, side::internal, 0, "no descriptor for a file"};
    case found::kind::broken: return {failure_kind::refused_request, side::internal, 500, "the file system failed"};
    default: return {failure_kind::not_found, side::internal, 0, "no such file"};
  }
}

void add_line(std::string& to, std::string_view name, std::string_view value) {
  to += name;
  to += ": ";
  to += value;
  to += "\r\n";
}

std::string range_line(byte_range range, std::uint64_t size) {
  return "Content-Range: bytes " + std::to_string(range.begin) + "-" + std::to_string(range.end - 1) + "/" +
         std::to_string(size) + "\r\n";
}

/// One answer with a file, decided and not yet sent.
struct answer {
  std::uint16_t status = 200;
  std::string fields;
  std::vector<byte_range> parts;   ///< what of the file is sent, in order
  std::vector<std::string> heads;  ///< before each part, and one after the last; empty unless there are several
  std::uint64_t length = 0;        ///< of the content
};

// Nobody who writes files can know it, so no file can hold it.
std::string make_boundary() {
  std::array<unsigned char, 16> bytes;
  arc4random_buf(bytes.data(), bytes.size());
  return base::hex(bytes);
}

// Several ranges are the parts of a multipart message (RFC 9110 section 14.6).
void make_multipart(answer& out, const representation& file) {
  const std::string boundary = make_boundary();
  for (const byte_range part : out.parts) {
    std::string head = "\r\n--" + boundary + "\r\n";
    add_line(head, "Content-Type", file.content_type);
    head += range_line(part, file.size) + "\r\n";
    out.length += head.size() + (part.end - part.begin);
    out.heads.push_back(std::move(head));
  }
  out.heads.push_back("\r\n--" + boundary + "--\r\n");
  out.length += out.heads.back().size();
  add_line(out.fields, "Content-Type", "multipart/byteranges; boundary=" + boundary);
}

void make_content(answer& out, const representation& file, const range_choice& ranges) {
  const bool is_whole = ranges.what == range_choice::kind::whole;
  out.status = is_whole ? 200 : 206;
  out.parts = is_whole ? std::vector<byte_range>{{0, file.size}} : ranges.parts;
  if (out.parts.size() > 1) return make_multipart(out, file);
  add_line(out.fields, "Content-Type", file.content_type);
  if (!is_whole) out.fields += range_line(out.parts.front(), file.size);
  out.length = out.parts.front().end - out.parts.front().begin;
}

// What every answer about this file says, 304 and 412 too (section 15.4.5).
std::string common_fields(const representation& file, const config::files_section& section, std::int64_t now) {
  std::string out;
  out.reserve(512);
  add_line(out, "Date", http::format_date(now).view());
  add_line(out, "ETag", file.tag);
  add_line(out, "Last-Modified", http::format_date(std::min(file.modified, now)).view());
  if (!section.precompressed.empty()) add_line(out, "Vary", "Accept-Encoding");
  return out;
}

answer decide(const http::request_head& head, const char* bytes, const representation& file,
              const config::files_section& section) {
  const std::int64_t now = wall_seconds();
  answer out;
  out.fields = common_fields(file, section, now);
  const verdict condition = evaluate(head, bytes, file.validating(), now);
  if (condition != verdict::send) {
    out.status = condition == verdict::not_modified ? 304 : 412;
    return out;
  }
  range_choice ranges;
  // Only GET has ranges (section 14.2).
  if (!head.is_head && range_applies(head, bytes, file.validating(), now))
    ranges = choose_ranges(field_value(head, bytes, "range"), file.size, section.ranges_max);
  if (section.ranges_max > 0) add_line(out.fields, "Accept-Ranges", "bytes");
  if (ranges.what == range_choice::kind::unsatisfiable) {
    out.status = 416;
    add_line(out.fields, "Content-Range", "bytes */" + std::to_string(file.size));
    return out;
  }
  if (file.coding) add_line(out.fields, "Content-Encoding", name_of(*file.coding));
  make_content(out, file, ranges);
  return out;
}

net::task<bool> send_parts(http::exchange& to, int fd, const answer& what, const transfer_settings& settings) {
  file_body body(to, settings);
  for (std::size_t i = 0; i < what.parts.size(); ++i) {
    if (!what.heads.empty()) {
      const bool begun = co_await body.send(what.heads[i]);
      if (!begun) co_return false;
    }
    const bool sent = co_await body.send_file(fd, what.parts[i]);
    if (!sent) co_return false;
  }
  if (!what.heads.empty()) {
    const bool closed = co_await body.send(what.heads.back());
    if (!closed) co_return false;
  }
  const bool finished = co_await body.finish();
  co_return finished;
}

net::task<void> send(http::exchange& request, const representation& file, const answer& what,
                     const transfer_settings& settings) {
  const http::request_head& head = request.head();
  if (what.status >= 400) {
    co_await http::respond_error(request, what.status, {}, what.fields);
    co_return;
  }
  // A body that nobody reads could be taken for the next request (S33).
  if (head.framing != http::body_framing::none) request.close_after();
  http::response_start start;
  start.status = what.status;
  start.reason = http::reason_phrase(what.status);
  start.extra_fields = what.fields;
  const bool with_body = !what.parts.empty() && !head.is_head;
  start.framing = with_body ? http::body_framing::length : http::body_framing::none;
  start.content_length = what.length;
  start.announce_length = !what.parts.empty();
  bool sent = request.send_head(start);
  if (sent && with_body) {
    sent = co_await send_parts(request, file.fd.get(), what, settings);
  } else if (sent) {
    file_body nothing(request, settings);
    sent = co_await nothing.finish();
  }
  // Whatever is missing is seen to be missing.
  if (!sent) request.abort();
}

// Relative, so that it holds under whatever prefix the client sees; `./` because a segment may look like a scheme.
net::task<void> add_slash(http::exchange& request, target asked) {
  const std::string fields = "Location: ./" + asked.segment + "/" + asked.query + "\r\n";
  co_await http::respond(request, 301, "text/plain; charset=utf-8", "This folder's address ends with a slash.\n", fields);
}

net::task<void> refuse_method(http::exchange& request) {
  request.close_after();
  co_await http::respond_error(request, 405, {}, "Allow: GET, HEAD\r\n");
}

}  // namespace

net::task<void> serve(http::exchange& request, const config::files_section& section, transfer_settings settings) {
  const http::request_head& head = request.head();
  if (head.is_extended_connect) {
    const failure refused{failure_kind::refused_request, side::client, 501, "files speak no other protocol"};
    co_await http::respond(request, refused);
    co_return;
  }
  const std::string_view method = head.method.in(request.bytes());
  if (method != "GET" && method != "HEAD") {
    co_await refuse_method(request);
    co_return;
  }
  if (section.root.empty()) {
    co_await http::respond(request, 200, "text/html; charset=utf-8", welcome_page);
    co_return;
  }
  target asked = read_target(head.path.in(request.bytes()));
  if (!asked.usable) {
    const failure refused{failure_kind::refused_request, side::client, 400, "an unusable path"};
    co_await http::respond(request, refused);
    co_return;
  }
  const folder below(section.root);
  found what = find(below, section, asked.path);
  // A file that is not there is the client's mistake, a folder that is not there the operator's.
  if (below.error() != 0 || (what.error != 0 && !means_missing(what.error)))
    tell(what, section, asked.path, request.waiter().loop().now());
  if (what.what == found::kind::folder_without_slash) {
    co_await add_slash(request, std::move(asked));
    co_return;
  }
  if (what.what == found::kind::listing) {
    co_await list_folder(request, below, section, std::move(what));
    co_return;
  }
  if (what.what != found::kind::file) {
    const failure cause = failure_of(what.what);
    co_await http::respond(request, cause);
    co_return;
  }
  const std::string_view accepted = field_value(head, request.bytes(), "accept-encoding");
  const representation file = represent(below, section, std::move(what), accepted);
  const answer decided = decide(head, request.bytes(), file, section);
  co_await send(request, file, decided, settings);
}

}  // namespace cardea::proxy::files
