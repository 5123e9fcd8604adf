#include "dnsproviders/timing.hpp"

namespace cardea::dnsproviders {

base::result<propagation_timing> read_timing(const option_values& options, propagation_timing defaults) {
  if (!options["propagation_timeout"].empty()) {
    const auto value = options.duration("propagation_timeout");
    if (!value) return value.error();
    defaults.timeout = *value;
  }
  if (!options["polling_interval"].empty()) {
    const auto value = options.duration("polling_interval");
    if (!value) return value.error();
    defaults.polling_interval = *value;
  }
  return defaults;
}

}  // namespace cardea::dnsproviders
