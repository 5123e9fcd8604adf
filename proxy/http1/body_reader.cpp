#include "proxy/http1/body_reader.hpp"

#include <algorithm>

namespace cardea::proxy::http1 {

void body_reader::begin(http::body_framing framing, std::uint64_t content_length) noexcept {
  framing_ = framing;
  left_ = content_length;
  complete_ = framing == http::body_framing::none || (framing == http::body_framing::length && left_ == 0);
  refused_ = false;
  piece_ = {};
  if (framing == http::body_framing::chunked) decoder_.reset();
}

http::body_view body_reader::available(input& in) noexcept {
  if (framing_ != http::body_framing::chunked) {
    std::string_view data = in.unread();
    if (framing_ == http::body_framing::length)
      data = data.substr(0, std::min<std::uint64_t>(left_, data.size()));
    return {data.empty() ? net::io::blocked : net::io::done, data};
  }
  while (piece_.empty()) {
    const chunked_decoder::step step = decoder_.next(in.unread());
    in.begin += step.consumed;
    if (step.status == parse_status::failed) {
      refused_ = true;
      return {net::io::failed};
    }
    piece_ = step.data;
    if (step.status == parse_status::done) {
      complete_ = true;
      return {net::io::ended};
    }
    if (step.consumed == 0) return {net::io::blocked};
  }
  return {net::io::done, piece_};
}

http::body_view body_reader::read(input& in, tls::stream& from) noexcept {
  if (complete_) return {net::io::ended};
  if (http::body_view view = available(in); view.state != net::io::blocked) return view;
  if (!from.can_read()) return {net::io::blocked};
  // Never beyond a body of known length: what follows is the next message.
  const std::size_t bytes_max =
      framing_ == http::body_framing::length
          ? static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.space() + in.end))
          : net::buffer_pool::buffer_bytes;
  const net::io_result got = in.fill(from, bytes_max);
  if (got.state == net::io::done) return available(in);
  if (got.state == net::io::ended && framing_ == http::body_framing::until_close) complete_ = true;
  if (got.state == net::io::ended && !complete_) return {net::io::failed};  // cut short (U03)
  return {got.state};
}

void body_reader::consume(input& in, std::size_t bytes) noexcept {
  if (framing_ == http::body_framing::chunked) {
    piece_.remove_prefix(bytes);
    return;
  }
  in.begin += bytes;
  if (framing_ == http::body_framing::length) {
    left_ -= bytes;
    complete_ = left_ == 0;
  }
}

}  // namespace cardea::proxy::http1
