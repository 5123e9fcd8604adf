#include "app/certificate_locks.hpp"

#include "autocert/request_check.hpp"

#include <set>

namespace cardea::app {
namespace {

std::set<std::string> lock_files_of(const config::autocert_section& section) {
  std::set<std::string> out;
  const auto add = [&out](const config::certificate_request& each) {
    const auto kind = autocert::kind_of(each.provider);
    if (kind == autocert::provider_kind::local || kind == autocert::provider_kind::pseudo) return;
    for (const config::certificate_request& one : config::by_key_type(each)) out.insert(one.cert_path + ".lock");
  };
  add(section.main);
  for (const config::certificate_request& each : section.extra) add(each);
  return out;
}

}  // namespace

bool certificate_locks::take(const config::autocert_section& section) {
  const std::set<std::string> wanted = lock_files_of(section);
  std::erase_if(held_, [&](const auto& each) { return !wanted.contains(each.first); });
  holder_.clear();
  for (const std::string& each : wanted) {
    if (held_.contains(each)) continue;
    auto lock = base::file_lock::take(each);
    if (lock) {
      held_.emplace(each, std::move(*lock));
    } else if (lock.error() == base::make_error_code(base::errc::cancelled)) {
      holder_ = lock.error().message();
      return false;
    } else {
      log_.warn("a certificate's files cannot be locked: no other process must write them",
                {{"reason", lock.error().message()}});
    }
  }
  return true;
}

}  // namespace cardea::app
