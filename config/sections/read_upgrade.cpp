#include "config/sections/read_upgrade.hpp"

namespace cardea::config {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds ready_timeout_min{1'000};
constexpr milliseconds ready_timeout_max = std::chrono::hours(1);
constexpr milliseconds idle_grace_max = std::chrono::hours(1);

}  // namespace

upgrade_section read_upgrade(const value& from) {
  upgrade_section out;
  const auto section = from.as_mapping();
  if (!section) return out;
  mapping keys(*section);
  keys.read("ready_timeout", out.ready_timeout, ready_timeout_min, ready_timeout_max);
  keys.read("idle_grace", out.idle_grace, milliseconds(0), idle_grace_max);
  keys.finish();
  return out;
}

}  // namespace cardea::config
