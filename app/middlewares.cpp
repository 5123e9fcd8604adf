#include "app/middlewares.hpp"

namespace cardea::app {

std::shared_ptr<const proxy::middleware::chain> middleware_chains::find(
    const std::string& name, const std::vector<config::middleware_section>& sections) {
  if (sections.empty()) return nullptr;
  kept& found = chains_[name];
  if (found.made == nullptr || found.sections != sections)
    found = {sections, proxy::middleware::make_chain(sections), true};
  found.is_used = true;
  return found.made;
}

void middleware_chains::forget_unused() {
  std::erase_if(chains_, [](const auto& each) { return !each.second.is_used; });
  for (auto& each : chains_) each.second.is_used = false;
}

}  // namespace cardea::app
