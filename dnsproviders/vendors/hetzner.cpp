#include "dnsproviders/vendors/hetzner.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/rrset_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <algorithm>
#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 2> options_of{{
    {"api_token", "HETZNER_API_TOKEN", false, true, {}, "a read and write token of the zone's project"},
    {"api_key", "HETZNER_API_KEY", false, true, {}, "of the old DNS Console, without api_token"},
}};
constexpr propagation_timing usual{std::chrono::seconds(120), std::chrono::seconds(2)};
constexpr provider_metadata metadata{"hetzner",
                                     {},
                                     "Hetzner",
                                     "https://docs.hetzner.cloud/reference/cloud#dns",
                                     options_of,
                                     "HETZNER_",
                                     {"https://api.hetzner.cloud/v1", 60, 60, usual}};
// The same provider at the old DNS Console's address.
constexpr provider_metadata console_metadata{"hetzner",
                                             {},
                                             "Hetzner",
                                             "https://dns.hetzner.com/api-docs",
                                             options_of,
                                             "HETZNER_",
                                             {"https://dns.hetzner.com/api/v1", 60, 60, usual}};

/// The Cloud API: actions add values to a set or remove them, and end a little later.
class hetzner_cloud final : public rrset_vendor {
 public:
  explicit hetzner_cloud(const option_values& options) : token_(options["api_token"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", bearer(token_.reveal())});
  }
  outcome judge(const answer& from) const override {
    if (text_at(from.json(), "error.code") == "uniqueness_error") return outcome::exists;
    if (text_at(from.json(), "action.status") == "error") return outcome::refused;
    return vendor::judge(from);
  }
  // Another action works on the zone.
  bool is_busy(const answer& from) const override { return from.status() == 423; }
  std::string words(const answer& from) const override {
    const std::string of_action = text_at(from.json(), "action.error.message");
    return of_action.empty() ? vendor::words(from) : of_action;
  }

  request read(const txt_value& txt) const override { return get(path_of(txt)); }
  base::result<rrset> read_set(const answer& from, const txt_value&) const override {
    rrset out;
    for (const json::value& each : list_at(from.json(), "rrset.records"))
      out.values.push_back(text_at(each, "value"));
    return out;
  }
  // Just the own value: a set that is there keeps its other values and its ttl, which must not be named.
  request write(const txt_value& txt, const rrset& old,
                const std::vector<std::string>& values) const override {
    json::object body{{"records", json::array{json::object{{"value", txt.quoted()}}}}};
    const bool adds = std::find(values.begin(), values.end(), txt.value()) != values.end();
    if (adds && old.values.empty()) body["ttl"] = txt.ttl;
    return send_json("POST", path_of(txt) + (adds ? "/actions/add_records" : "/actions/remove_records"),
                     body);
  }
  std::optional<request> settle(const hosted_zone&, const answer& written,
                                const answer* last) const override {
    const answer& latest = last != nullptr ? *last : written;
    if (text_at(latest.json(), "action.status") != "running") return std::nullopt;
    return get("/actions/" + text_at(written.json(), "action.id"));
  }

 private:
  static std::string path_of(const txt_value& txt) {
    return "/zones/" + txt.zone.id + "/rrsets/" + txt.relative() + "/TXT";
  }

  base::secret token_;
};

/// The old DNS Console's API: single records.
class hetzner_console final : public record_vendor {
 public:
  explicit hetzner_console(const option_values& options) : key_(options["api_key"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Auth-API-Token", key_.reveal()});
  }

  zone_source zones_from() const override { return zone_source::ask; }
  request zones(const std::string& candidate, const std::string&) const override {
    return get(with_query("/zones", {{"name", candidate}}));
  }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    for (const json::value& each : list_at(from.json(), "zones"))
      out.items.push_back({text_at(each, "name"), text_at(each, "id")});
    return out;
  }

  request list(const txt_value& txt, const std::string& cursor) const override {
    return get(with_query("/records", {{"zone_id", txt.zone.id},
                                       {"per_page", "100"},
                                       {"page", cursor.empty() ? std::string("1") : cursor}}));
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "records"))
      if (text_at(each, "type") == "TXT" && text_at(each, "name") == txt.relative())
        out.items.push_back({text_at(each, "id"), text_at(each, "value")});
    const json::value& here = at(from.json(), "meta.pagination.page");
    const json::value& last = at(from.json(), "meta.pagination.last_page");
    if (here.is_int64() && last.is_int64() && here.get_int64() < last.get_int64())
      out.next = std::to_string(here.get_int64() + 1);
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json("POST", "/records",
                     {{"zone_id", txt.zone.id},
                      {"type", "TXT"},
                      {"name", txt.relative()},
                      {"value", txt.value()},
                      {"ttl", txt.ttl}});
  }
  request remove(const txt_value&, const std::string& id) const override {
    return remove_at("/records/" + id);
  }

 private:
  base::secret key_;
};

}  // namespace

const provider_metadata& hetzner_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_hetzner(const option_values& options, services with) {
  if (!options["api_token"].empty())
    return make_rrset_provider(metadata, options, std::move(with), std::make_unique<hetzner_cloud>(options));
  if (options["api_key"].empty())
    return options.wrong("api_token", "is missing (or api_key for the old DNS Console)");
  return make_record_provider(console_metadata, options, std::move(with),
                              std::make_unique<hetzner_console>(options));
}

}  // namespace cardea::dnsproviders
