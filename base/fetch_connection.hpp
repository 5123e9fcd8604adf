#pragma once

#include "base/async.hpp"
#include "base/dial.hpp"
#include "base/error.hpp"
#include "base/fetch.hpp"
#include "base/fetch_target.hpp"

#include <memory>
#include <string>
#include <vector>

namespace cardea::base {

struct fetch_client_options;

/// What every TLS connection of a client shares: trust, protocol versions, names.
class fetch_trust {
 public:
  /// errc::io or errc::invalid_argument with the file's name when one of `ca_files` cannot be used.
  [[nodiscard]] static result<fetch_trust> load(const fetch_client_options& options);

 private:
  friend class fetch_connection;
  struct context;
  std::shared_ptr<context> context_;
};

/// One connection to a server, TLS or not, that carries one exchange at a time.
class fetch_connection {
 public:
  struct outcome {
    result<fetch_response> response = error(errc::cancelled);
    bool answer_began = false;  ///< at least one byte of an answer arrived
    bool reusable = false;      ///< another exchange may follow on this connection
  };

  /// Resolves, connects and, for https, shakes hands and verifies.
  [[nodiscard]] static awaitable<result<std::unique_ptr<fetch_connection>>> open(fetch_trust trust,
                                                                                 fetch_target target,
                                                                                 deadline until);
  ~fetch_connection();
  fetch_connection(const fetch_connection&) = delete;
  fetch_connection& operator=(const fetch_connection&) = delete;

  /// Sends `request` (already checked) and reads the answer to its end.
  /// REQUIRES: the connection reaches `target`; it and the arguments outlive the returned awaitable.
  [[nodiscard]] awaitable<outcome> exchange(const fetch_request& request, const fetch_target& target,
                                            std::size_t head_bytes_max, deadline until);

  [[nodiscard]] bool reaches(const fetch_target& target) const noexcept;
  /// Whether the server has neither closed nor sent anything unasked.
  [[nodiscard]] bool is_quiet() const noexcept;

 private:
  struct state;
  explicit fetch_connection(std::unique_ptr<state> value);

  std::unique_ptr<state> state_;
};

}  // namespace cardea::base
