#include "tests/support/http2_backend.hpp"

#include <nghttp2/nghttp2.h>

namespace cardea::tests {
namespace {

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < size; ++i) out = out << 8 | static_cast<unsigned char>(bytes[at + i]);
  return out;
}

}  // namespace

std::string h2_request::value(std::string_view name) const {
  for (const auto& [each, found] : fields)
    if (each == name) return found;
  return {};
}

struct http2_backend::inflater {
  inflater() { nghttp2_hd_inflate_new(&state); }
  ~inflater() { nghttp2_hd_inflate_del(state); }
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;
  nghttp2_hd_inflater* state = nullptr;
};

http2_backend::http2_backend(raw_origin::connection& on, const std::string& settings)
    : on_(on), inflater_(std::make_unique<inflater>()) {
  greeted_ = on_.stream().read_bytes(preface.size()) == preface;
  if (greeted_) send(http2_client::frame(h2::settings, 0, 0, settings));
}

http2_backend::~http2_backend() = default;

bool http2_backend::answer(std::uint32_t stream, const std::string& body, int status) {
  return send(http2_client::headers(
                  stream, {{":status", std::to_string(status)}, {"content-length", std::to_string(body.size())}}, false) +
              http2_client::data(stream, body, true));
}

h2_frame http2_backend::next() {
  const std::string head = on_.stream().read_bytes(9);
  if (head.size() < 9) return {};
  h2_frame out;
  out.type = static_cast<std::uint8_t>(head[3]);
  out.flags = static_cast<std::uint8_t>(head[4]);
  out.stream = number_at(head, 5, 4);
  out.payload = on_.stream().read_bytes(number_at(head, 0, 3));
  if (out.type == h2::settings && (out.flags & h2::ack) == 0) send(http2_client::frame(h2::settings, h2::ack, 0));
  return out;
}

h2_frame http2_backend::await(std::uint8_t type) {
  while (true) {
    h2_frame got = next();
    if (got.type == type || got.type == 0xff) return got;
  }
}

h2_request http2_backend::request() {
  h2_frame first = await(h2::headers);
  h2_request out;
  if (first.type == 0xff) return out;
  out.stream = first.stream;
  out.ends = (first.flags & h2::end_stream) != 0;
  out.block = first.payload;
  for (h2_frame more = first; (more.flags & h2::end_headers) == 0 && more.type != 0xff;) {
    more = next();
    out.block += more.payload;
  }
  const auto* at = reinterpret_cast<const std::uint8_t*>(out.block.data());
  std::size_t left = out.block.size();
  for (int flags = 0; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;) {
    nghttp2_nv field{};
    const auto taken = nghttp2_hd_inflate_hd2(inflater_->state, &field, &flags, at, left, 1);
    if (taken < 0) {
      out.fields.emplace_back("broken block", nghttp2_strerror(static_cast<int>(taken)));
      break;
    }
    at += taken;
    left -= static_cast<std::size_t>(taken);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0)
      out.fields.emplace_back(std::string(reinterpret_cast<const char*>(field.name), field.namelen),
                              std::string(reinterpret_cast<const char*>(field.value), field.valuelen));
  }
  nghttp2_hd_inflate_end_headers(inflater_->state);
  std::string lines;
  for (const auto& [name, value] : out.fields) lines.append(name).append(": ").append(value).append("\n");
  on_.record(lines + "\n");
  return out;
}

void http2_backend::answer_all(const std::string& body) {
  for (h2_request each = request(); each.stream != 0; each = request())
    if (!answer(each.stream, body)) return;
}

raw_origin::script http2_backend::playing(std::function<void(http2_backend&, int number)> each,
                                          const std::string& settings) {
  return [each = std::move(each), settings](raw_origin::connection& on) {
    http2_backend backend(on, settings);
    if (backend.greeted()) each(backend, on.number());
  };
}

}  // namespace cardea::tests
