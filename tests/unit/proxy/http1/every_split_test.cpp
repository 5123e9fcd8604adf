#include "tests/unit/proxy/http1/every_split.hpp"

#include <gtest/gtest-spi.h>

#include <memory>
#include <ostream>

namespace cardea::proxy::http1::testing {
namespace {

/// An allocation of exactly that size, so that a sanitizer sees a read beyond it, and at
/// a new address each time, so that a kept pointer shows.
class exact_copy {
 public:
  explicit exact_copy(std::string_view bytes) : bytes_(new char[bytes.size()]), size_(bytes.size()) {
    bytes.copy(bytes_.get(), size_);
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

std::string text_of(const http::header_table& fields, const char* data) {
  std::string text;
  for (const http::field& line : fields)
    text.append(name_of(line, data))
        .append("=[")
        .append(value_of(line, data))
        .append("]#")
        .append(std::to_string(static_cast<int>(line.id)) + "\n");
  return text;
}

template <class... Numbers>
std::string numbers(Numbers... each) {
  return ((std::to_string(static_cast<unsigned long long>(each)) + " ") + ...);
}

std::string text_of(const http::request_head& head, const char* data) {
  std::string text;
  for (const http::slice part : {head.method, head.target, head.path, head.host})
    text.append(part.in(data)).append("|");
  text += numbers(head.version, head.framing, head.content_length, head.keep_alive, head.expects_continue,
                  head.wants_upgrade, head.is_head, head.is_connect, head.head_bytes);
  return text + "\n" + text_of(head.fields, data);
}

std::string text_of(const http::response_head& head, const char* data) {
  return numbers(head.status, head.version, head.framing, head.content_length, head.has_content_length,
                 head.keep_alive, head.head_bytes) +
         std::string(head.reason.in(data)) + "\n" + text_of(head.fields, data);
}

/// The sizes of the growing prefixes that a parser is shown.
using prefixes = std::vector<std::size_t>;

outcome request_in(std::string_view bytes, const head_limits& limits, const prefixes& sizes) {
  request_parser parser(limits);
  http::request_head head;
  outcome made;
  for (const std::size_t size : sizes) {
    const exact_copy seen(bytes.substr(0, size));
    made.status = parser.parse(seen.view(), head);
    if (made.status == parse_status::done) made.made = text_of(head, seen.view().data());
    if (made.status == parse_status::failed) {
      made.refused = parser.why().status;
      made.reason = parser.why().reason;
      EXPECT_EQ(parser.parse(bytes, head), parse_status::failed) << "a refusal must last";
    }
    if (made.status != parse_status::need_more) break;
  }
  return made;
}

outcome response_in(std::string_view bytes, bool to_head, const head_limits& limits, const prefixes& sizes) {
  response_parser parser(limits);
  http::response_head head;
  outcome made;
  for (const std::size_t size : sizes) {
    const exact_copy seen(bytes.substr(0, size));
    made.status = parser.parse(seen.view(), to_head, head);
    if (made.status == parse_status::done) made.made = text_of(head, seen.view().data());
    if (made.status == parse_status::failed) {
      made.refused = 502;
      made.reason = parser.why();
      EXPECT_EQ(parser.parse(bytes, to_head, head), parse_status::failed) << "a refusal must last";
    }
    if (made.status != parse_status::need_more) break;
  }
  return made;
}

outcome chunked_in(std::string_view bytes, const chunked_limits& limits, const prefixes& sizes) {
  chunked_decoder decoder(limits);
  outcome made;
  std::size_t begin = 0;
  std::size_t consumed = 0;
  for (const std::size_t size : sizes) {
    const exact_copy piece(bytes.substr(begin, size - begin));
    begin = size;
    for (std::string_view left = piece.view(); made.status == parse_status::need_more;) {
      const chunked_decoder::step taken = decoder.next(left);
      made.made += taken.data;
      made.status = taken.status;
      left.remove_prefix(taken.consumed);
      consumed += taken.consumed;
      if (taken.consumed == 0) {
        EXPECT_TRUE(left.empty() || made.status != parse_status::need_more) << "stuck";
        break;
      }
    }
  }
  if (made.status == parse_status::failed) {
    made.refused = decoder.why().status;
    made.reason = decoder.why().reason;
  }
  if (made.status == parse_status::done)
    made.made += "|" + decoder.trailers() + "|" + std::to_string(consumed);
  return made;
}

/// `parse(prefixes)` for the message whole, then in every other way.
template <class Parse>
outcome in_every_way(std::string_view bytes, Parse parse) {
  const outcome whole = parse(prefixes{bytes.size()});
  prefixes every;
  for (std::size_t size = 1; size <= bytes.size(); ++size) every.push_back(size);
  EXPECT_EQ(parse(every), whole) << "byte by byte: " << ::testing::PrintToString(bytes);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut)
    EXPECT_EQ(parse(prefixes{cut, bytes.size()}), whole)
        << "cut at " << cut << ": " << ::testing::PrintToString(bytes);
  return whole;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const outcome& shown) {
  return out << "status " << static_cast<int>(shown.status) << " refused " << shown.refused << " ("
             << shown.reason << ") made " << shown.made;
}

outcome parse_request(std::string_view bytes, const head_limits& limits) {
  return in_every_way(bytes, [&](const prefixes& sizes) { return request_in(bytes, limits, sizes); });
}

outcome parse_response(std::string_view bytes, bool to_head, const head_limits& limits) {
  return in_every_way(bytes,
                      [&](const prefixes& sizes) { return response_in(bytes, to_head, limits, sizes); });
}

outcome decode_chunked(std::string_view bytes, const chunked_limits& limits) {
  return in_every_way(bytes, [&](const prefixes& sizes) { return chunked_in(bytes, limits, sizes); });
}

accepted_request::accepted_request(std::string text) : bytes(std::move(text)) {
  EXPECT_EQ(parse_request(bytes).status, parse_status::done) << bytes;
  const head_limits limits;
  request_parser parser(limits);
  EXPECT_EQ(parser.parse(bytes, head), parse_status::done) << parser.why().reason;
}

accepted_response::accepted_response(std::string text, bool to_head) : bytes(std::move(text)) {
  EXPECT_EQ(parse_response(bytes, to_head).status, parse_status::done) << bytes;
  const head_limits limits;
  response_parser parser(limits);
  EXPECT_EQ(parser.parse(bytes, to_head, head), parse_status::done) << parser.why();
}

void expect_requests_refused(std::uint16_t status, const std::vector<named_bytes>& messages) {
  for (const auto& [name, bytes] : messages) {
    const outcome made = parse_request(bytes);
    EXPECT_EQ(made.refused, status) << name << ": " << made;
    EXPECT_EQ(made.status, parse_status::failed) << name;
    EXPECT_FALSE(made.reason.empty()) << name;
  }
}

void expect_requests_accepted(const std::vector<named_bytes>& messages) {
  for (const auto& [name, bytes] : messages) {
    const outcome made = parse_request(bytes);
    EXPECT_EQ(made.status, parse_status::done) << name << ": " << made;
  }
}

void expect_responses_refused(const std::vector<named_bytes>& messages) {
  for (const auto& [name, bytes] : messages) {
    const outcome made = parse_response(bytes);
    EXPECT_EQ(made.status, parse_status::failed) << name << ": " << made;
    EXPECT_FALSE(made.reason.empty()) << name;
  }
}

void expect_chunked_refused(std::uint16_t status, const std::vector<named_bytes>& bodies) {
  for (const auto& [name, bytes] : bodies) {
    const outcome made = decode_chunked(bytes);
    EXPECT_EQ(made.refused, status) << name << ": " << made;
    EXPECT_FALSE(made.reason.empty()) << name;
  }
}

std::string post(std::string_view fields, std::string_view body) {
  return std::string("POST / HTTP/1.1\r\nHost: a\r\n").append(fields).append("\r\n\r\n").append(body);
}

std::string get(std::string_view fields) {
  return std::string("GET / HTTP/1.1\r\nHost: a\r\n").append(fields).append("\r\n\r\n");
}

TEST(every_split, notices_a_result_that_depends_on_the_split) {
  const auto counts_calls = [](const prefixes& sizes) {
    return outcome{parse_status::done, 0, {}, std::to_string(sizes.size())};
  };
  ::testing::TestPartResultArray failures;
  {
    const ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
    (void)in_every_way("abc", counts_calls);
  }
  EXPECT_EQ(failures.size(), 3);  // byte by byte, and two cuts
}

}  // namespace cardea::proxy::http1::testing
