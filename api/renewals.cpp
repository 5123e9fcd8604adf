#include "api/renewals.hpp"

#include "api/cert.hpp"
#include "api/live_log.hpp"
#include "autocert/status.hpp"

#include <utility>
#include <vector>

namespace cardea::api {

struct renewals::state {
  state(base::executor where, autocert::control& certificates) : control(certificates), log(where) {}

  void release(const std::shared_ptr<outbox>& box) {
    log.detach(box);
    std::erase(boxes, box);
  }

  void finished(const std::vector<autocert::renewal_outcome>& outcomes) {
    log.drain();  // the last lines come before the outcomes
    running = false;
    for (const auto& box : std::exchange(boxes, {})) {
      for (const auto& outcome : outcomes) box->push(printed(outcome));
      box->finish({close_code::normal, "done"});
      log.detach(box);
    }
  }

  autocert::control& control;
  live_log log;
  std::vector<std::shared_ptr<outbox>> boxes;
  bool running = false;
};

renewals::renewals(base::executor where, autocert::control& certificates)
    : state_(std::make_shared<state>(where, certificates)) {}
renewals::~renewals() = default;

void renewals::join(const std::shared_ptr<outbox>& box) {
  if (state_->running) box->push(already_running);
  state_->boxes.push_back(box);
  state_->log.attach(box);  // before the renewal starts: its first line counts
  if (std::exchange(state_->running, true)) return;
  const auto started = state_->control.force_expiry_all(
      [weak = std::weak_ptr(state_)](const std::vector<autocert::renewal_outcome>& outcomes) {
        if (const auto self = weak.lock()) self->finished(outcomes);
      });
  if (started == autocert::force_result::started) return;
  state_->running = false;
  state_->release(box);
  box->push(already_running);
  box->finish({close_code::try_again_later, already_running});
}

void renewals::leave(const std::shared_ptr<outbox>& box) { state_->release(box); }

void renewals::stop() {
  for (const auto& box : std::exchange(state_->boxes, {})) {
    state_->log.detach(box);
    box->drop({close_code::going_away, "shutting down"});
  }
}

}  // namespace cardea::api
