#include "dnsproviders/vendors/ns1.hpp"

#include "dnsproviders/rrset_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 1> options_of{{
    {"api_key", "NS1_API_KEY", true, true, {}, "an API key"},
}};
constexpr provider_metadata metadata{"ns1",
                                     {},
                                     "NS1",
                                     "https://developer.ibm.com/apis/catalog/ns1--ibm-ns1-connect-api",
                                     options_of,
                                     "NS1_",
                                     {"https://api.nsone.net/v1", 120, 1, {}, std::chrono::seconds(10)}};

class ns1 final : public rrset_vendor {
 public:
  explicit ns1(const option_values& options) : key_(options["api_key"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"X-NSONE-Key", key_.reveal()});
  }

  zone_source zones_from() const override { return zone_source::ask; }
  request zones(const std::string& candidate, const std::string&) const override {
    return get("/zones/" + candidate + "?records=false");
  }
  base::result<page<hosted_zone>> read_zones(const answer& from,
                                             const std::string& candidate) const override {
    page<hosted_zone> out;
    out.items.push_back({candidate, text_at(from.json(), "zone")});
    return out;
  }

  request read(const txt_value& txt) const override { return get(path_of(txt)); }
  base::result<rrset> read_set(const answer& from, const txt_value& txt) const override {
    if (!text_at(from.json(), "link").empty())
      return base::error(base::errc::protocol, txt.fqdn() + " is a linked record, which cannot hold values");
    rrset out;
    for (const json::value& each : list_at(from.json(), "answers"))
      for (const json::value& text : list_at(each, "answer")) out.values.push_back(text_at(text));
    out.raw = json::serialize(at(from.json(), "answers"));
    return out;
  }
  // Foreign answers go back as they came, with their ids and their meta.
  request write(const txt_value& txt, const rrset& old,
                const std::vector<std::string>& values) const override {
    if (values.empty()) return remove_at(path_of(txt));
    json::array answers;
    const json::value former = old.values.empty() ? json::array() : json::parse(old.raw);
    for (const json::value& each : list_at(former))
      if (list_at(each, "answer").empty() || text_at(list_at(each, "answer").front()) != txt.value())
        answers.push_back(each);
    if (std::find(values.begin(), values.end(), txt.value()) != values.end())
      answers.push_back(json::object{{"answer", json::array{json::string(txt.value())}}});
    if (!old.values.empty()) return send_json("POST", path_of(txt), {{"answers", std::move(answers)}});
    return send_json("PUT", path_of(txt),
                     {{"zone", txt.zone.id},
                      {"domain", txt.fqdn()},
                      {"type", "TXT"},
                      {"ttl", txt.ttl},
                      {"answers", std::move(answers)},
                      {"filters", json::array()}});
  }

 private:
  static std::string path_of(const txt_value& txt) {
    return "/zones/" + txt.zone.id + "/" + txt.fqdn() + "/TXT";
  }

  base::secret key_;
};

}  // namespace

const provider_metadata& ns1_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_ns1(const option_values& options, services with) {
  return make_rrset_provider(metadata, options, std::move(with), std::make_unique<ns1>(options));
}

}  // namespace cardea::dnsproviders
