// Goal: a backend's header block becomes a head that any client may see, or none.
#include "proxy/http2/response_decoder.hpp"

#include "proxy/http2/response_encoder.hpp"
#include "proxy/net/buffer_pool.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace cardea::proxy::http2 {
namespace {

using fields = std::vector<std::pair<std::string, std::string>>;
using verdict = response_decoder::verdict;

/// A block as any encoder may make it.
std::string block_of(const fields& of) {
  std::string room(256 * 1024, '\0');
  block_writer block(room.data());
  for (const auto& [name, value] : of) block.field(name, value);
  return room.substr(0, block.size());
}

class decoding {
 public:
  explicit decoding(response_limits limits = {}) : limits_(limits) {}

  response_decoder::outcome head(const fields& of, bool ends = false, bool to_head = false) {
    return decoder_.head(block_of(of), to_head, ends, memory_, head_);
  }
  response_decoder::outcome trailers(const fields& of) { return decoder_.trailers(block_of(of), memory_); }
  [[nodiscard]] const http::response_head& response() const { return head_; }
  [[nodiscard]] std::string text(std::size_t size) const { return memory_.substr(0, size); }
  [[nodiscard]] fields kept() const {
    fields out;
    for (const http::field& each : head_.fields)
      out.emplace_back(http::name_of(each, memory_.data()), http::value_of(each, memory_.data()));
    return out;
  }

 private:
  response_limits limits_;
  response_decoder decoder_{hpack_table::bytes_possible, limits_};
  std::string memory_ = std::string(net::buffer_pool::buffer_bytes, '\0');
  http::response_head head_;
};

TEST(response_decoder, a_head_is_its_status_and_its_fields) {
  decoding made;
  EXPECT_EQ(made.head({{":status", "200"}, {"content-type", "a/b"}, {"x-own", ""}, {"content-length", "5"}}).is,
            verdict::accepted);
  EXPECT_EQ(made.response().status, 200);
  EXPECT_EQ(made.response().framing, http::body_framing::length);
  EXPECT_EQ(made.response().content_length, 5U);
  EXPECT_EQ(made.kept(), (fields{{"content-type", "a/b"}, {"x-own", ""}, {"content-length", "5"}}));
}

TEST(response_decoder, a_body_without_a_length_lasts_as_long_as_it_comes) {
  decoding made;
  EXPECT_EQ(made.head({{":status", "200"}}).is, verdict::accepted);
  EXPECT_EQ(made.response().framing, http::body_framing::chunked);
  EXPECT_EQ(made.head({{":status", "200"}}, true).is, verdict::accepted);
  EXPECT_EQ(made.response().framing, http::body_framing::chunked) << "even if that is not at all";
}

TEST(response_decoder, answers_without_a_body_have_none_whatever_their_length_says) {
  decoding made;
  for (const char* const status : {"103", "204"}) {
    EXPECT_EQ(made.head({{":status", status}}).is, verdict::accepted);
    EXPECT_EQ(made.response().framing, http::body_framing::none);
  }
  EXPECT_EQ(made.head({{":status", "304"}, {"content-length", "7"}}, true).is, verdict::accepted);
  EXPECT_TRUE(made.response().has_content_length);
  EXPECT_EQ(made.response().framing, http::body_framing::none);
  EXPECT_EQ(made.head({{":status", "200"}, {"content-length", "7"}}, true, true).is, verdict::accepted) << "HEAD";
  EXPECT_EQ(made.response().content_length, 7U);
  EXPECT_EQ(made.response().framing, http::body_framing::none);
}

TEST(response_decoder, h11_limits_are_crossed_by_one) {
  decoding few({1'000, 2, 100});
  EXPECT_EQ(few.head({{":status", "200"}, {"a", "1"}, {"b", "2"}}).is, verdict::accepted);
  EXPECT_EQ(few.head({{":status", "200"}, {"a", "1"}, {"b", "2"}, {"c", "3"}}).reason, "too many field lines");
  // :status and its value are 10 bytes; each field counts 32 more.
  EXPECT_EQ(few.head({{":status", "200"}, {"a", std::string(1'000 - 42 - 33, 'x')}}).is, verdict::accepted);
  EXPECT_EQ(few.head({{":status", "200"}, {"a", std::string(1'000 - 42 - 32, 'x')}}).reason,
            "the answer's head is too large");
  EXPECT_EQ(few.trailers({{"a", std::string(67, 'x')}}).is, verdict::accepted);
  EXPECT_EQ(few.trailers({{"a", std::string(68, 'x')}}).reason, "the answer's trailers are too large");
}

TEST(response_decoder, h11_a_head_larger_than_its_memory_leaves_the_table_in_step) {
  decoding made;
  EXPECT_EQ(made.head({{":status", "200"}, {"a", std::string(100'000, 'x')}, {"b", "c"}}).is, verdict::malformed);
  EXPECT_EQ(made.head({{":status", "204"}}).is, verdict::accepted);
}

TEST(response_decoder, a_block_that_is_cut_short_costs_the_connection) {
  response_limits limits;
  response_decoder decoder(hpack_table::bytes_possible, limits);
  std::string memory(net::buffer_pool::buffer_bytes, '\0');
  http::response_head head;
  const std::string whole = block_of({{":status", "299"}, {"some-name", "some value"}});
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    const auto is = decoder.head(whole.substr(0, cut), false, false, memory, head).is;
    const bool ends_behind_a_field = cut == block_of({{":status", "299"}}).size();
    EXPECT_EQ(is == verdict::broken, !ends_behind_a_field) << cut;
  }
  EXPECT_FALSE(decoder.skip("\xff\xff\xff\xff\xff\xff", memory));
}

TEST(response_decoder, trailers_are_lines_without_what_frames_or_routes) {
  decoding made;
  const auto got = made.trailers(
      {{"grpc-status", "0"}, {"content-length", "3"}, {"grpc-message", "a b"}, {"set-cookie", "x"}, {"x-empty", ""}});
  EXPECT_EQ(got.is, verdict::accepted);
  EXPECT_EQ(made.text(got.bytes), "grpc-status: 0\r\ngrpc-message: a b\r\nx-empty: \r\n");
  for (const fields& wrong :
       {fields{{":status", "200"}}, fields{{"a", "b\r\nc: d"}}, fields{{"transfer-encoding", "chunked"}}})
    EXPECT_EQ(made.trailers(wrong).is, verdict::malformed) << wrong.front().first;
}

}  // namespace
}  // namespace cardea::proxy::http2
