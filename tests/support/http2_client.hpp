#pragma once

#include "tests/support/tls_client.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cardea::tests {

/// Numbers of RFC 9113, so that tests say them by name.
namespace h2 {
enum type : std::uint8_t {
  data = 0,
  headers = 1,
  priority = 2,
  rst_stream = 3,
  settings = 4,
  push_promise = 5,
  ping = 6,
  goaway = 7,
  window_update = 8,
  continuation = 9,
  priority_update = 16,
};
inline constexpr std::uint8_t end_stream = 1;
inline constexpr std::uint8_t ack = 1;
inline constexpr std::uint8_t end_headers = 4;
inline constexpr std::uint8_t padded = 8;
inline constexpr std::uint8_t has_priority = 32;
enum error : std::uint32_t {
  no_error = 0,
  protocol_error = 1,
  internal_error = 2,
  flow_control_error = 3,
  stream_closed = 5,
  frame_size_error = 6,
  refused_stream = 7,
  cancel = 8,
  compression_error = 9,
  enhance_your_calm = 11,
};
}  // namespace h2

using h2_fields = std::vector<std::pair<std::string, std::string>>;

struct h2_frame {
  std::uint8_t type = 0xff;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
  [[nodiscard]] std::uint32_t number(std::size_t at = 0) const;  ///< 32 bits of the payload
};

/// What came for one stream.
struct h2_answer {
  int status = 0;
  std::vector<int> interims;
  h2_fields fields;
  std::string body;
  h2_fields trailers;
  bool complete = false;               ///< END_STREAM came
  std::optional<std::uint32_t> reset;  ///< the code of a RST_STREAM
  [[nodiscard]] std::string value(std::string_view name) const;
};

/// An HTTP/2 client that sends exactly the bytes that a test says: nothing is checked on their
/// way out. Header blocks that come in are read by nghttp2's decoder.
class http2_client {
 public:
  /// Shakes hands with ALPN h2, sends the preface and SETTINGS with `settings`.
  explicit http2_client(std::uint16_t port, const std::string& settings = {}, tls_client_options options = {});
  ~http2_client();
  http2_client(http2_client&&) noexcept;
  http2_client& operator=(http2_client&&) = delete;

  [[nodiscard]] tls_client& connection() noexcept { return tls_; }
  [[nodiscard]] byte_stream& stream() noexcept { return tls_.stream(); }
  bool send(std::string_view bytes) { return tls_.send(bytes); }

  // Frames as bytes.
  [[nodiscard]] static std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                                         std::string_view payload = {});
  [[nodiscard]] static std::string u32(std::uint32_t value);
  [[nodiscard]] static std::string setting(std::uint16_t which, std::uint32_t value);
  /// Literals without index and without Huffman coding, whatever they hold.
  [[nodiscard]] static std::string block(const h2_fields& fields);
  /// :method, :scheme, :authority and :path of a request for app.test, then `more`.
  [[nodiscard]] static h2_fields request(const std::string& method = "GET", const std::string& path = "/",
                                         const h2_fields& more = {});
  [[nodiscard]] static std::string headers(std::uint32_t stream, const h2_fields& fields, bool ends = true);
  [[nodiscard]] static std::string data(std::uint32_t stream, std::string_view bytes, bool ends = false);
  [[nodiscard]] static std::string reset(std::uint32_t stream, std::uint32_t code = h2::cancel);
  [[nodiscard]] static std::string window_update(std::uint32_t stream, std::uint32_t by);
  [[nodiscard]] static std::string ping(std::string_view eight = "12345678");

  /// The next frame; type 0xff when none came. SETTINGS are acknowledged; header blocks of
  /// several frames arrive as one.
  [[nodiscard]] h2_frame next();
  /// Reads until the stream has ended, giving windows back for what it reads unless `hold`.
  [[nodiscard]] h2_answer answer(std::uint32_t stream, bool hold = false);
  [[nodiscard]] h2_answer ask(std::uint32_t stream, const h2_fields& fields) {
    send(headers(stream, fields));
    return answer(stream);
  }
  /// Reads until a frame of that type came.
  [[nodiscard]] h2_frame await(std::uint8_t type);
  /// The error of a GOAWAY that ends the connection, or nothing when it ended without one.
  [[nodiscard]] std::optional<std::uint32_t> goaway();
  /// Sends a PING and reads up to its answer: all that was sent before it has been looked at.
  [[nodiscard]] bool settle();
  /// What arrived for a stream so far.
  [[nodiscard]] h2_answer& state(std::uint32_t stream) { return answers_[stream]; }

 private:
  struct inflater;
  void take(const h2_frame& from);

  tls_client tls_;
  std::unique_ptr<inflater> inflater_;
  std::map<std::uint32_t, h2_answer> answers_;
};

}  // namespace cardea::tests
