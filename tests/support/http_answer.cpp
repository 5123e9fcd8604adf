#include "tests/support/http_answer.hpp"

#include <cstdlib>

namespace cardea::tests {
namespace {

constexpr std::string_view crlf = "\r\n";

std::string value_in(const std::string& head, std::string_view name) {
  const std::string start = std::string(crlf) + std::string(name) + ": ";
  const auto at = head.find(start);
  if (at == std::string::npos) return {};
  const auto begin = at + start.size();
  return head.substr(begin, head.find(crlf, begin) - begin);
}

// True when the last chunk and the empty line behind the trailers came.
bool read_chunks(byte_stream& from, std::string& body, std::string& trailers) {
  while (true) {
    const std::string line = from.read_until(crlf);
    char* end = nullptr;
    const std::size_t size = std::strtoull(line.c_str(), &end, 16);
    if (end == line.c_str() || std::string_view(end) != crlf) return false;
    if (size == 0) break;
    const std::string data = from.read_bytes(size + 2);
    body += data.substr(0, size);
    if (data.size() != size + 2 || !data.ends_with(crlf)) return false;
  }
  while (true) {
    const std::string line = from.read_until(crlf);
    if (line == crlf) return true;
    if (!line.ends_with(crlf)) return false;
    trailers += line;
  }
}

}  // namespace

bool http_answer::has_line(std::string_view line) const {
  return (head + "\r\n").find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
}

bool http_answer::has(std::string_view name) const {
  return head.find("\r\n" + std::string(name) + ":") != std::string::npos;
}

std::string http_answer::value(std::string_view name) const { return value_in(head + "\r\n", name); }

http_answer read_answer(byte_stream& from, bool to_head) {
  http_answer out;
  out.head = from.read_until("\r\n\r\n");
  if (!out.head.ends_with("\r\n\r\n") || !out.head.starts_with("HTTP/1.1 ")) return out;
  out.head.resize(out.head.size() - 4);
  out.status = std::atoi(out.head.c_str() + 9);
  if (out.status < 200 || out.status == 204 || out.status == 304 || to_head) {
    out.complete = true;
  } else if (out.value("Transfer-Encoding") == "chunked") {
    out.complete = read_chunks(from, out.body, out.trailers);
  } else if (out.has("Content-Length")) {
    const std::size_t size = std::strtoull(out.value("Content-Length").c_str(), nullptr, 10);
    out.body = from.read_bytes(size);
    out.complete = out.body.size() == size;
  } else {
    out.body = from.read_to_end();
    out.complete = from.end() == stream_end::orderly;
  }
  return out;
}

http_message read_request(byte_stream& from) {
  http_message out;
  out.head = from.read_until("\r\n\r\n");
  if (!out.head.ends_with("\r\n\r\n")) return {};
  if (value_in(out.head, "Transfer-Encoding") == "chunked") {
    std::string decoded;
    std::string trailers;
    if (!read_chunks(from, decoded, trailers)) return {};
    out.body = decoded + trailers;
  } else {
    const std::string length = value_in(out.head, "Content-Length");
    if (!length.empty()) out.body = from.read_bytes(std::strtoull(length.c_str(), nullptr, 10));
  }
  return out;
}

}  // namespace cardea::tests
