#include "proxy/middleware/chain.hpp"

#include "proxy/middleware/client_checks.hpp"
#include "proxy/middleware/header_edits.hpp"
#include "proxy/middleware/rate_limiter.hpp"

#include <algorithm>
#include <variant>

namespace cardea::proxy::middleware {
namespace {

using link = std::unique_ptr<const step>;

struct link_maker {
  link operator()(const config::real_ip& from) const { return std::make_unique<real_ip>(from); }
  link operator()(const config::cidr_whitelist& from) const { return std::make_unique<cidr_whitelist>(from); }
  link operator()(const config::rate_limit& from) const { return std::make_unique<rate_limiter>(from); }
  // Whoever answers looks at it (dispatch).
  link operator()(const config::error_page&) const { return nullptr; }
  link operator()(const config::hide_x_forwarded&) const { return std::make_unique<hide_x_forwarded>(); }
  link operator()(const config::modify_headers& from) const {
    if (from.of_response) return std::make_unique<modify_response>(from);
    return std::make_unique<modify_request>(from);
  }
};

}  // namespace

chain::chain(std::vector<link> links)
    : links_(std::move(links)),
      edits_responses_(std::any_of(links_.begin(), links_.end(), [](const auto& each) { return each->edits_responses(); })) {}

std::optional<refusal> chain::on_request(edited_exchange& request, const route_facts& facts) const {
  for (const link& each : links_)
    if (auto refused = each->on_request(request, facts)) return refused;
  return std::nullopt;
}

void chain::on_response(response_edit& response, const edited_exchange& request, const route_facts& facts) const {
  for (auto each = links_.rbegin(); each != links_.rend(); ++each) (*each)->on_response(response, request, facts);
}

std::shared_ptr<const chain> make_chain(std::span<const config::middleware_section> sections) {
  if (sections.empty()) return nullptr;
  std::vector<link> links;
  for (const config::middleware_section& each : sections)
    if (link made = std::visit(link_maker{}, each.options)) links.push_back(std::move(made));
  if (links.empty()) return nullptr;
  return std::make_shared<const chain>(std::move(links));
}

}  // namespace cardea::proxy::middleware
