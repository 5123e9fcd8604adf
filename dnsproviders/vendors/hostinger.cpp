#include "dnsproviders/vendors/hostinger.hpp"

#include "dnsproviders/rrset_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 1> options_of{{
    {"api_token", "HOSTINGER_API_TOKEN", true, true, {}, "an API token"},
}};
constexpr provider_metadata metadata{"hostinger",
                                     {},
                                     "Hostinger",
                                     "https://developers.hostinger.com/#tag/dns-zone",
                                     options_of,
                                     "HOSTINGER_",
                                     {"https://developers.hostinger.com", 120, 1, {}}};

class hostinger final : public rrset_vendor {
 public:
  explicit hostinger(const option_values& options) : token_(options["api_token"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", bearer(token_.reveal())});
  }
  outcome judge(const answer& from) const override {
    // The set holds the value already.
    if (text_at(from.json(), "message").find("DNS:4008") != std::string::npos) return outcome::exists;
    return vendor::judge(from);
  }

  request read(const txt_value& txt) const override { return get(zone_of(txt)); }
  base::result<rrset> read_set(const answer& from, const txt_value& txt) const override {
    rrset out;
    for (const json::value& set : list_at(from.json())) {
      if (text_at(set, "name") != txt.relative() || text_at(set, "type") != "TXT") continue;
      if (const json::value& ttl = at(set, "ttl"); ttl.is_int64())
        out.ttl = static_cast<int>(ttl.get_int64());
      for (const json::value& each : list_at(set, "records")) {
        out.values.push_back(unquoted(text_at(each, "content")));
        // Whether a value is in use is kept when the set is written back.
        if (text_at(each, "is_disabled") == "true") out.raw += "\n" + out.values.back() + "\n";
      }
    }
    return out;
  }
  // A value is added to what is there; only a removal replaces the set.
  request write(const txt_value& txt, const rrset& old,
                const std::vector<std::string>& values) const override {
    const bool adds = values.size() > old.values.size();
    if (values.empty())
      return send_json("DELETE", zone_of(txt),
                       {{"filters", json::array{json::object{{"name", txt.relative()}, {"type", "TXT"}}}}});
    json::array records;
    if (adds) {
      records.push_back(json::object{{"content", txt.value()}});
    } else {
      for (const std::string& each : values) {
        json::object record{{"content", each}};
        if (old.raw.find("\n" + each + "\n") != std::string::npos) record["is_disabled"] = true;
        records.push_back(std::move(record));
      }
    }
    json::object set{{"name", txt.relative()},
                     {"type", "TXT"},
                     {"ttl", old.ttl.value_or(txt.ttl)},
                     {"records", std::move(records)}};
    return send_json("PUT", zone_of(txt), {{"overwrite", !adds}, {"zone", json::array{std::move(set)}}});
  }

 private:
  static std::string zone_of(const txt_value& txt) { return "/api/dns/v1/zones/" + txt.zone.name; }

  base::secret token_;
};

}  // namespace

const provider_metadata& hostinger_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_hostinger(const option_values& options, services with) {
  return make_rrset_provider(metadata, options, std::move(with), std::make_unique<hostinger>(options));
}

}  // namespace cardea::dnsproviders
