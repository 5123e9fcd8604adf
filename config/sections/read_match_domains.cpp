#include "config/sections/read_match_domains.hpp"

#include "base/dns_name.hpp"

#include <algorithm>

namespace cardea::config {

std::vector<std::string> read_match_domains(const value& from) {
  std::vector<std::string> out;
  for (const value& item : from.items()) {
    const auto text = item.text();
    if (!text) {
      if (item.is_null()) item.expected("a domain");
      continue;
    }
    std::string name = base::normalise_dns_name(*text);
    if (name.starts_with('.')) name.erase(0, 1);
    if (base::is_wildcard(name))
      item.expected("a domain", "write \"" + name.substr(2) + "\": every name below it is meant");
    else if (!base::is_dns_name(name))
      item.expected("a domain");
    else if (std::find(out.begin(), out.end(), name) == out.end())
      out.push_back(std::move(name));
  }
  return out;
}

}  // namespace cardea::config
