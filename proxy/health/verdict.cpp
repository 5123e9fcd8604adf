#include "proxy/health/verdict.hpp"

#include <utility>

namespace cardea::proxy::health {

bool verdict::note(const finding& found, std::chrono::nanoseconds latency, moment now) {
  health_status next = status_;
  if (found.good) {
    failures_ = 0;
    latency_ = latency;
    next = health_status::healthy;
  } else if (++failures_ >= failures_max_ || status_ == health_status::unknown) {
    next = health_status::unhealthy;
  }
  detail_ = found.detail;
  if (next == status_) return false;
  status_ = next;
  since_ = now;
  return true;
}

backend_health verdict::view(std::string name, moment now) const {
  backend_health out;
  out.name = std::move(name);
  out.status = status_;
  if (status_ == health_status::healthy) out.uptime = now - since_;
  out.latency = latency_;
  out.detail = detail_;
  return out;
}

}  // namespace cardea::proxy::health
