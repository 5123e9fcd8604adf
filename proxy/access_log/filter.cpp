#include "proxy/access_log/filter.hpp"

#include "base/address.hpp"
#include "base/text.hpp"
#include "proxy/http/authority.hpp"

#include <algorithm>

namespace cardea::proxy::access_log {
namespace {

template <class Value, class Matches>
bool passes(const config::access_log_filter<Value>& filter, Matches matches) noexcept {
  if (filter.values.empty()) return true;
  return std::any_of(filter.values.begin(), filter.values.end(), matches) != filter.negative;
}

bool has_header(const entry& what, const config::header_match& wanted) noexcept {
  if (what.head == nullptr) return false;
  for (const http::field& each : what.head->fields)
    if (base::equal_ignoring_case(http::name_of(each, what.bytes), wanted.name) &&
        (!wanted.value || base::equal_ignoring_case(http::value_of(each, what.bytes), *wanted.value)))
      return true;
  return false;
}

bool is_from(const entry& what, const config::access_log_filter<base::address_range>& filter) noexcept {
  const auto client = base::address::from_parts(std::string(what.address()), 0);
  return passes(filter, [&](const base::address_range& range) { return client && range.contains(*client); });
}

}  // namespace

bool keeps(const config::access_log_filters& filters, const entry& what) noexcept {
  const std::string_view host = what.host();
  const std::string_view name = host.empty() ? host : http::host_of(host);
  return passes(filters.status_codes,
                [&](const config::status_range& range) { return what.status >= range.low && what.status <= range.high; }) &&
         passes(filters.method, [&](const std::string& method) { return what.method() == method; }) &&
         passes(filters.host,
                [&](const std::string& wanted) {
                  return base::equal_ignoring_case(host, wanted) || base::equal_ignoring_case(name, wanted);
                }) &&
         passes(filters.headers, [&](const config::header_match& wanted) { return has_header(what, wanted); }) &&
         (filters.cidr.values.empty() || is_from(what, filters.cidr));
}

}  // namespace cardea::proxy::access_log
