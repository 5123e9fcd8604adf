#pragma once

#include "tests/support/http2_client.hpp"
#include "tests/support/raw_origin.hpp"

#include <functional>
#include <memory>
#include <string>

namespace cardea::tests {

/// A request that came over HTTP/2.
struct h2_request {
  std::uint32_t stream = 0;  ///< 0: none came
  h2_fields fields;
  std::string block;  ///< the header block as it came
  bool ends = false;
  [[nodiscard]] std::string value(std::string_view name) const;
};

/// The backend's end of an HTTP/2 connection in the hands of a test: it sends exactly the bytes
/// that it is told to (`http2_client` makes frames of either side), and records each request.
class http2_backend {
 public:
  /// Reads the preface and says SETTINGS.
  explicit http2_backend(raw_origin::connection& on, const std::string& settings = {});
  http2_backend(const http2_backend&) = delete;
  http2_backend& operator=(const http2_backend&) = delete;
  ~http2_backend();

  /// False when what came first is not HTTP/2.
  [[nodiscard]] bool greeted() const noexcept { return greeted_; }
  bool send(std::string_view bytes) { return on_.write(bytes); }
  /// An answer of one piece with a Content-Length.
  bool answer(std::uint32_t stream, const std::string& body = "ok", int status = 200);

  /// The next frame; type 0xff when none came. SETTINGS are acknowledged.
  [[nodiscard]] h2_frame next();
  /// Reads until a frame of that type came.
  [[nodiscard]] h2_frame await(std::uint8_t type);
  /// Reads until a header block came.
  [[nodiscard]] h2_request request();
  /// Answers requests until the connection ends.
  void answer_all(const std::string& body = "ok");

  /// A script of `raw_origin` that plays the HTTP/2 backend.
  [[nodiscard]] static raw_origin::script playing(std::function<void(http2_backend&, int number)> each,
                                                  const std::string& settings = {});

 private:
  struct inflater;
  raw_origin::connection& on_;
  std::unique_ptr<inflater> inflater_;
  bool greeted_ = false;
};

}  // namespace cardea::tests
