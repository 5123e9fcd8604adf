#include "api/process.hpp"

#include "api/services.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string_view>

namespace cardea::api {
namespace {

namespace json = boost::json;

json::string_view word(process_status::upgrade_state state) {
  switch (state) {
    case process_status::upgrade_state::none: return "none";
    case process_status::upgrade_state::running: return "running";
    case process_status::upgrade_state::failed: return "failed";
    case process_status::upgrade_state::draining: return "draining";
  }
  return "none";
}

}  // namespace

answer process(const services& from) {
  if (!from.process) return failure(404, "no such endpoint");
  const process_status now = from.process();
  json::array lines;
  for (const std::string& each : now.upgrade_lines) lines.emplace_back(each);
  json::object upgrade{{"state", word(now.upgrade)}, {"attempts", now.upgrade_attempts}};
  if (!now.upgrade_error.empty()) upgrade["error"] = now.upgrade_error;
  if (!lines.empty()) upgrade["last_lines"] = std::move(lines);
  return {200, json::object{{"pid", now.pid},
                            {"version", from.version},
                            {"started", now.started_at},
                            {"upgrade", std::move(upgrade)}}};
}

}  // namespace cardea::api
