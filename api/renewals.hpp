#pragma once

#include "api/outbox.hpp"
#include "base/async.hpp"

#include <memory>

namespace cardea::autocert {
class control;
}

namespace cardea::api {

/// At most one forced renewal, and the clients that watch it. Control thread only.
class renewals {
 public:
  static constexpr const char* already_running = "renewal already in progress";

  /// REQUIRES: `certificates` outlives this object.
  renewals(base::executor where, autocert::control& certificates);
  ~renewals();

  /// Attaches a client to the live log, then starts a renewal unless one is
  /// running; a client that comes while one is running is told so first.
  ///
  /// The box receives each line logged from here on, then one JSON object for
  /// each outcome, and ends with close_code::normal. When the renewal that is
  /// running was not started here its end is unknown: the box ends at once with
  /// try_again_later.
  void join(const std::shared_ptr<outbox>& box);

  /// The client has gone; the renewal goes on.
  void leave(const std::shared_ptr<outbox>& box);

  /// Ends every box with going_away.
  void stop();

 private:
  struct state;
  std::shared_ptr<state> state_;  ///< the renewal's end may come after this object's
};

}  // namespace cardea::api
