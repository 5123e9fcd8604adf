#include "dnsproviders/vendors/godaddy.hpp"

#include "base/text.hpp"
#include "dnsproviders/rrset_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 2> options_of{{
    {"api_key", "GODADDY_API_KEY", true, true, {}, "a production API key"},
    {"api_secret", "GODADDY_API_SECRET", true, true, {}, "its secret"},
}};
constexpr provider_metadata metadata{
    "godaddy",
    {},
    "GoDaddy",
    "https://developer.godaddy.com/doc/endpoint/domains",
    options_of,
    "GODADDY_",
    {"https://api.godaddy.com", 600, 600, {std::chrono::seconds(120), std::chrono::seconds(2)}}};

class godaddy final : public rrset_vendor {
 public:
  explicit godaddy(const option_values& options) : key_(options["api_key"]), secret_(options["api_secret"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", "sso-key " + key_.reveal() + ":" + secret_.reveal()});
    to.headers.push_back({"Accept", "application/json"});
  }
  // The most common refusal has nothing to do with the keys.
  std::string words(const answer& from) const override {
    std::string out = vendor::words(from);
    if (text_at(from.json(), "code") == "ACCESS_DENIED")
      out +=
          " (GoDaddy opens its DNS API only to accounts with ten or more domains or a Discount Domain Club)";
    return out;
  }

  request read(const txt_value& txt) const override { return get(path_of(txt)); }
  base::result<rrset> read_set(const answer& from, const txt_value&) const override {
    rrset out;
    json::array kept;
    for (const json::value& each : list_at(from.json())) {
      const std::string data = text_at(each, "data");
      // Left behind by clients that could not remove a record; not accepted when written back.
      if (base::trim(data).empty()) continue;
      out.values.push_back(data);
      kept.push_back(each);
    }
    out.raw = json::serialize(kept);
    return out;
  }
  // Foreign records go back as they came.
  request write(const txt_value& txt, const rrset& old,
                const std::vector<std::string>& values) const override {
    if (values.empty()) return remove_at(path_of(txt));
    json::array records;
    const json::value former = old.raw.empty() ? json::array() : json::parse(old.raw);
    for (const json::value& each : list_at(former))
      if (unquoted(text_at(each, "data")) != txt.value()) records.push_back(each);
    if (values.size() > records.size())
      records.push_back(
          json::object{{"type", "TXT"}, {"name", txt.relative()}, {"data", txt.value()}, {"ttl", txt.ttl}});
    return send_json_list("PUT", path_of(txt), records);
  }

 private:
  static std::string path_of(const txt_value& txt) {
    return "/v1/domains/" + txt.zone.id + "/records/TXT/" + txt.relative();
  }

  base::secret key_;
  base::secret secret_;
};

}  // namespace

const provider_metadata& godaddy_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_godaddy(const option_values& options, services with) {
  return make_rrset_provider(metadata, options, std::move(with), std::make_unique<godaddy>(options));
}

}  // namespace cardea::dnsproviders
