#include "autocert/solvers/dns_persist01.hpp"

#include "base/atomic_file.hpp"
#include "base/rfc3339.hpp"

namespace cardea::autocert::solvers {

// The file is for the operator's eyes; without it the log still says the same.
void dns_persist01::show(const std::string& name, const std::string& value) {
  auto& before = shown_[name];
  if (before == value) return;
  before = value;
  log_.info("dns-persist-01 needs this TXT record", {{"name", name}, {"value", value}});
  std::string text;
  for (const auto& [each, its_value] : shown_) text += each + ". TXT \"" + its_value + "\"\n";
  if (const auto stored = base::write_file_atomically(notes_path_, text, 0644); !stored)
    log_.warn("the records that have to stand could not be noted", {{"reason", stored.error().message()}});
}

base::awaitable<base::result<void>> dns_persist01::check(work wanted) {
  if (wanted.issuers.empty()) co_return base::result<void>();
  const std::string name = "_validation-persist." + wanted.domain;
  // The record of a name serves its wildcard too, so there is one for both.
  const auto uri = [&](std::string_view domain) {
    return account_uri_of(wanted.account_url, wanted.thumbprint, domain, wanted.hash_prefix);
  };
  persist_demand demand{wanted.issuers, {uri(wanted.domain), uri("*")}, wanted.wildcard};
  persist_record ours{wanted.issuers.front(), demand.account_uris.front(), wanted.wildcard, {}};
  const std::string before = shown_.contains(name) ? shown_[name] : std::string();
  if (before.find("; policy=wildcard") != std::string::npos) ours.wildcard = true;
  show(name, ours.to_text());
  std::string asked = name;
  const auto values = co_await find_(std::move(asked));
  if (!values) co_return values.error().at(name);
  const auto found = choose_record(*values, demand, clock_());
  if (!found)
    co_return base::error(found.error().code,
                          found.error().message() + "; publish " + name + ". TXT \"" + ours.to_text() + "\"")
        .at(name);
  if (found->persist_until && *found->persist_until - clock_() < warned_before)
    log_.warn("a dns-persist-01 record ends soon, renew it",
              {{"name", name}, {"persist_until", base::to_rfc3339(*found->persist_until)}});
  co_return base::result<void>();
}

base::awaitable<base::result<void>> dns_persist01::present(std::vector<work> wanted) {
  for (work& each : wanted) {
    work one = std::move(each);
    auto usable = co_await check(std::move(one));
    if (!usable) co_return usable;
  }
  co_return base::result<void>();
}

}  // namespace cardea::autocert::solvers
