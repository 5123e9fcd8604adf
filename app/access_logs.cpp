#include "app/access_logs.hpp"

namespace cardea::app {

base::result<std::vector<proxy::access_log::shared_logger>> open_access_logs(const config::configuration& from,
                                                                             proxy::access_log::journal& in) {
  std::vector<const config::access_log_section*> sections{from.entrypoint.access_log.get()};
  for (const config::route_section& route : from.routes) sections.push_back(route.access_log.get());
  std::vector<proxy::access_log::shared_logger> out;
  for (const config::access_log_section* const section : sections) {
    if (section == nullptr) continue;
    auto opened = in.open(*section);
    if (!opened) return opened.error();
    out.push_back(std::move(*opened));
  }
  return out;
}

}  // namespace cardea::app
