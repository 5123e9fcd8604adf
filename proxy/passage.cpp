#include "proxy/passage.hpp"

#include "proxy/middleware/template_text.hpp"

#include <optional>
#include <utility>

namespace cardea::proxy {
namespace {

using middleware::edited_exchange;
using middleware::refusal;

way_out refused(std::string_view why) {
  way_out out;
  out.status = 400;
  out.reason = why;
  return out;
}

way_out answer_of(const refusal& from) {
  way_out out;
  out.status = from.status;
  out.text = from.message;
  if (from.retry_after != 0) out.fields = "Retry-After: " + std::to_string(from.retry_after) + "\r\n";
  return out;
}

std::optional<refusal> pass(edited_exchange& request, const middleware::chain* through, const middleware::route_facts& facts) {
  if (through == nullptr) return std::nullopt;
  request.answer_through(*through, facts);
  return through->on_request(request, facts);
}

way_out redirect(edited_exchange& request, const routing::path_match& match) {
  way_out out;
  out.status = match.rule->status;
  out.fields = "Location: ";
  middleware::write_location(match.rule->location, {request, request.normal_path(), match.parameters(), match.rest}, out.fields);
  out.fields += "\r\n";
  out.text = "This is found elsewhere.\n";
  return out;
}

// The path that goes on; false when a rewritten one is none.
bool set_path(edited_exchange& request, const routing::route& route, const routing::path_match& match) {
  const config::path_rule* rule = match.rule;
  const std::string& normal = request.normal_path();
  if (rule == nullptr || (rule->strip.empty() && !rule->rewrite)) {
    request.set_path(normal);
    return true;
  }
  std::string& made = request.scratch();
  made.clear();
  if (rule->rewrite) {
    middleware::write_location(*rule->rewrite, {request, normal, match.parameters(), match.rest}, made);
    // Parts that are sound by themselves may make a dot segment together.
    if (!route.paths.normalise(made, request.normal_path()).empty() || normal != made) return false;
  } else {
    made.assign(normal, rule->strip.size());
    if (!made.starts_with('/')) made.insert(0, 1, '/');
    request.remove_field("X-Forwarded-Prefix");
    request.add_field("X-Forwarded-Prefix", rule->strip);
  }
  request.set_path(made);
  return true;
}

}  // namespace

way_out find_way(edited_exchange& request, const routing::route_table& routes, std::size_t from,
                 const middleware::chain* entrypoint) {
  const routing::route& route = routes.routes()[from];
  if (const auto stopped = pass(request, entrypoint, route.facts)) return answer_of(*stopped);
  way_out out;
  out.route = from;
  routing::path_match match;
  // OPTIONS * asks for the server as a whole.
  if (route.paths.reads_paths() && request.path() != "*") {
    if (const auto why = route.paths.normalise(request.path(), request.normal_path()); !why.empty()) return refused(why);
    match = route.paths.find(request.head().method.in(request.bytes()), request.normal_path());
    const bool goes_on = match.rule == nullptr || match.rule->action == config::path_action::pass;
    if (goes_on && !set_path(request, route, match)) return refused("a rewritten path that is none");
  }
  if (const auto stopped = pass(request, route.middlewares.get(), route.facts)) return answer_of(*stopped);
  if (match.rule == nullptr) return out;
  if (match.rule->action == config::path_action::redirect) return redirect(request, match);
  if (match.rule->action == config::path_action::answer) {
    out.status = match.rule->status;
    return out;
  }
  out.route = route.rule_routes[match.number];
  if (out.route == from) return out;
  const routing::route& other = routes.routes()[out.route];
  if (const auto stopped = pass(request, other.middlewares.get(), other.facts)) return answer_of(*stopped);
  return out;
}

edited_exchanges::loan::loan(edited_exchanges& from, http::exchange& of) : from_(from) {
  if (from_.idle_.empty()) {
    lent_ = std::make_unique<middleware::edited_exchange>();
  } else {
    lent_ = std::move(from_.idle_.back());
    from_.idle_.pop_back();
  }
  lent_->begin(of);
}

edited_exchanges::loan::~loan() {
  lent_->end();
  if (from_.idle_.size() < idle_max) from_.idle_.push_back(std::move(lent_));
}

}  // namespace cardea::proxy
