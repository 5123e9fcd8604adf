#include "tests/support/http2_client.hpp"

#include <nghttp2/nghttp2.h>

#include <cstdlib>

namespace cardea::tests {
namespace {

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

tls_client_options with_h2(tls_client_options options) {
  options.protocols = std::string("\x02h2", 3);
  return options;
}

std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < size && at + i < bytes.size(); ++i)
    out = out << 8 | static_cast<unsigned char>(bytes[at + i]);
  return out;
}

std::string text(std::string_view bytes) {
  // A length with a 7-bit prefix, continued when it does not fit (RFC 7541 section 5.1).
  std::string out;
  std::size_t size = bytes.size();
  if (size < 0x7f) {
    out += static_cast<char>(size);
  } else {
    out += '\x7f';
    for (size -= 0x7f; size >= 0x80; size >>= 7) out += static_cast<char>(0x80 | (size & 0x7f));
    out += static_cast<char>(size);
  }
  return out.append(bytes);
}

}  // namespace

std::uint32_t h2_frame::number(std::size_t at) const { return number_at(payload, at, 4); }

std::string h2_answer::value(std::string_view name) const {
  for (const auto& [each, found] : fields)
    if (each == name) return found;
  return {};
}

struct http2_client::inflater {
  inflater() { nghttp2_hd_inflate_new(&state); }
  ~inflater() { nghttp2_hd_inflate_del(state); }
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;

  h2_fields read(std::string_view block) {
    h2_fields out;
    const auto* at = reinterpret_cast<const std::uint8_t*>(block.data());
    std::size_t left = block.size();
    while (true) {
      nghttp2_nv field{};
      int flags = 0;
      const auto taken = nghttp2_hd_inflate_hd2(state, &field, &flags, at, left, 1);
      if (taken < 0) {
        out.emplace_back("broken block", nghttp2_strerror(static_cast<int>(taken)));
        return out;
      }
      at += taken;
      left -= static_cast<std::size_t>(taken);
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0)
        out.emplace_back(std::string(reinterpret_cast<const char*>(field.name), field.namelen),
                         std::string(reinterpret_cast<const char*>(field.value), field.valuelen));
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    }
    nghttp2_hd_inflate_end_headers(state);
    return out;
  }

  nghttp2_hd_inflater* state = nullptr;
};

http2_client::http2_client(std::uint16_t port, const std::string& settings, tls_client_options options)
    : tls_(port, with_h2(std::move(options))), inflater_(std::make_unique<inflater>()) {
  send(std::string(preface) + frame(h2::settings, 0, 0, settings));
}

http2_client::~http2_client() = default;
http2_client::http2_client(http2_client&&) noexcept = default;

std::string http2_client::u32(std::uint32_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

std::string http2_client::setting(std::uint16_t which, std::uint32_t value) {
  return std::string{static_cast<char>(which >> 8), static_cast<char>(which)} + u32(value);
}

std::string http2_client::frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                                std::string_view payload) {
  std::string out = u32(static_cast<std::uint32_t>(payload.size())).substr(1);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  out += u32(stream);
  return out.append(payload);
}

std::string http2_client::block(const h2_fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) out += '\0' + text(name) + text(value);
  return out;
}

h2_fields http2_client::request(const std::string& method, const std::string& path, const h2_fields& more) {
  h2_fields out{{":method", method}, {":scheme", "https"}, {":authority", "app.test"}, {":path", path}};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

std::string http2_client::headers(std::uint32_t stream, const h2_fields& fields, bool ends) {
  const std::string all = block(fields);
  std::uint8_t type = h2::headers;
  std::uint8_t flags = ends ? h2::end_stream : std::uint8_t{0};
  std::string out;
  std::size_t at = 0;
  do {
    const std::string part = all.substr(at, 16'384);
    at += part.size();
    out += frame(type, static_cast<std::uint8_t>(flags | (at == all.size() ? h2::end_headers : 0)), stream, part);
    type = h2::continuation;
    flags = 0;
  } while (at < all.size());
  return out;
}

std::string http2_client::data(std::uint32_t stream, std::string_view bytes, bool ends) {
  std::string out;
  do {
    const std::string_view part = bytes.substr(0, 16'384);
    bytes.remove_prefix(part.size());
    out += frame(h2::data, ends && bytes.empty() ? h2::end_stream : std::uint8_t{0}, stream, part);
  } while (!bytes.empty());
  return out;
}

std::string http2_client::reset(std::uint32_t stream, std::uint32_t code) {
  return frame(h2::rst_stream, 0, stream, u32(code));
}

std::string http2_client::window_update(std::uint32_t stream, std::uint32_t by) {
  return frame(h2::window_update, 0, stream, u32(by));
}

std::string http2_client::ping(std::string_view eight) { return frame(h2::ping, 0, 0, eight); }

h2_frame http2_client::next() {
  const std::string head = stream().read_bytes(9);
  if (head.size() < 9) return {};
  h2_frame out;
  out.type = static_cast<std::uint8_t>(head[3]);
  out.flags = static_cast<std::uint8_t>(head[4]);
  out.stream = number_at(head, 5, 4);
  out.payload = stream().read_bytes(number_at(head, 0, 3));
  if (out.type == h2::settings && (out.flags & h2::ack) == 0) send(frame(h2::settings, h2::ack, 0));
  if (out.type == h2::headers && (out.flags & h2::end_headers) == 0) {
    while (true) {
      const std::string more = stream().read_bytes(9);
      if (more.size() < 9 || more[3] != h2::continuation) return {};
      out.payload += stream().read_bytes(number_at(more, 0, 3));
      if ((more[4] & h2::end_headers) != 0) break;
    }
  }
  take(out);
  return out;
}

void http2_client::take(const h2_frame& from) {
  if (from.stream == 0) return;
  h2_answer& into = answers_[from.stream];
  if (from.type == h2::rst_stream) into.reset = from.number();
  if (from.type == h2::data) into.body += from.payload;
  if (from.type == h2::headers) {
    const h2_fields fields = inflater_->read(from.payload);
    const bool has_status = !fields.empty() && fields.front().first == ":status";
    const int status = has_status ? std::atoi(fields.front().second.c_str()) : 0;
    if (has_status && status < 200) {
      into.interims.push_back(status);
    } else if (has_status && into.status == 0) {
      into.status = status;
      into.fields = fields;
    } else {
      into.trailers = fields;
    }
  }
  if ((from.type == h2::headers || from.type == h2::data) && (from.flags & h2::end_stream) != 0) into.complete = true;
}

h2_answer http2_client::answer(std::uint32_t stream_id, bool hold) {
  while (!answers_[stream_id].complete && !answers_[stream_id].reset) {
    const h2_frame got = next();
    if (got.type == 0xff) break;
    if (got.type != h2::data || hold || got.payload.empty()) continue;
    const auto size = static_cast<std::uint32_t>(got.payload.size());
    send(window_update(0, size) + window_update(got.stream, size));
  }
  return answers_[stream_id];
}

h2_frame http2_client::await(std::uint8_t type) {
  while (true) {
    h2_frame got = next();
    if (got.type == type || got.type == 0xff) return got;
  }
}

std::optional<std::uint32_t> http2_client::goaway() {
  std::optional<std::uint32_t> out;
  while (true) {
    const h2_frame got = next();
    if (got.type == 0xff) return out;
    if (got.type == h2::goaway) out = got.number(4);
  }
}

bool http2_client::settle() {
  send(ping("settle!!"));
  while (true) {
    const h2_frame got = next();
    if (got.type == 0xff) return false;
    if (got.type == h2::ping && (got.flags & h2::ack) != 0 && got.payload == "settle!!") return true;
  }
}

}  // namespace cardea::tests
