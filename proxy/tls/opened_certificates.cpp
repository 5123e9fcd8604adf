#include "proxy/tls/opened_certificates.hpp"

#include "base/log.hpp"

#include <iterator>

namespace cardea::proxy::tls {
namespace {

const base::opened_certificate* usable(const base::opened_certificate& opened) {
  return opened.leaf && opened.key ? &opened : nullptr;
}

}  // namespace

const base::opened_certificate* opened_certificates::open(const base::certificate_ptr& which) {
  if (const auto known = by_certificate_.find(which.get()); known != by_certificate_.end()) {
    if (!known->second->of.owner_before(which) && !which.owner_before(known->second->of)) {
      by_use_.splice(by_use_.begin(), by_use_, known->second);
      return usable(known->second->opened);
    }
    close(known->second);
  }
  auto opened = which->open();
  ++opened_total_;
  if (!opened) {
    const auto names = which->dns_names();
    const base::logger log("tls");
    log.error("a certificate cannot be served",
              {{"name", names.empty() ? "?" : names.front()}, {"reason", opened.error().message()}});
  }
  if (by_use_.size() >= count_max_) close(std::prev(by_use_.end()));
  by_use_.push_front({which.get(), which, opened ? std::move(*opened) : base::opened_certificate{}});
  by_certificate_[which.get()] = by_use_.begin();
  return usable(by_use_.front().opened);
}

void opened_certificates::close_replaced() {
  for (auto at = by_use_.begin(); at != by_use_.end();) {
    const position each = at++;
    if (each->of.expired()) close(each);
  }
}

void opened_certificates::close(position which) {
  by_certificate_.erase(which->key);
  by_use_.erase(which);
}

}  // namespace cardea::proxy::tls
