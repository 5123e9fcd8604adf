#include "bench/load/answer_reader.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace cardea::bench {

answer_reader::verdict answer_reader::take(std::string_view bytes) {
  if (!in_body_) {
    const std::size_t before = head_.size();
    head_.append(bytes);
    const std::size_t end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
    if (end == std::string::npos) return head_.size() > 64 * 1024 ? fail("a head without an end") : verdict::more;
    bytes.remove_prefix(end + 4 - before);
    if (const verdict head = read_head(end); head == verdict::failed) return head;
  }
  if (bytes.size() > left_) return fail("bytes behind the answer");
  left_ -= bytes.size();
  return left_ == 0 ? verdict::complete : verdict::more;
}

answer_reader::verdict answer_reader::read_head(std::size_t end) {
  in_body_ = true;
  if (!head_.starts_with("HTTP/1.1 200 ")) return fail(head_.substr(0, head_.find('\r')));
  std::string lower = head_.substr(0, end + 2);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  closes_ = lower.find("\r\nconnection: close\r\n") != std::string::npos;
  constexpr std::string_view length = "\r\ncontent-length:";
  const std::size_t at = lower.find(length);
  if (at == std::string::npos) return fail("an answer without Content-Length");
  left_ = std::strtoull(lower.c_str() + at + length.size(), nullptr, 10);
  return verdict::more;
}

}  // namespace cardea::bench
