#include "dnsproviders/vendors/infomaniak.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 2> options_of{{
    {"access_token",
     "INFOMANIAK_ACCESS_TOKEN",
     true,
     true,
     {},
     "a token with the scopes dns:read and dns:write"},
    {"api_endpoint", "INFOMANIAK_ENDPOINT", false, false, {}, "the same as api_url"},
}};
constexpr provider_metadata metadata{"infomaniak",
                                     {},
                                     "Infomaniak",
                                     "https://developer.infomaniak.com/docs/api",
                                     options_of,
                                     "INFOMANIAK_",
                                     {"https://api.infomaniak.com",
                                      300,
                                      1,
                                      {std::chrono::seconds(120), std::chrono::seconds(10)},
                                      std::chrono::seconds(30),
                                      "api_endpoint"}};

class infomaniak final : public record_vendor {
 public:
  explicit infomaniak(const option_values& options) : token_(options["access_token"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", bearer(token_.reveal())});
  }
  // A status of success says nothing yet.
  outcome judge(const answer& from) const override {
    if (text_at(from.json(), "error.code") == "object_not_found") return outcome::absent;
    const bool is_success = text_at(from.json(), "result") == "success";
    return from.status() / 100 == 2 && is_success ? outcome::done : outcome::refused;
  }

  zone_source zones_from() const override { return zone_source::ask; }
  request zones(const std::string& candidate, const std::string&) const override {
    return get("/2/zones/" + candidate + "/exists");
  }
  base::result<page<hosted_zone>> read_zones(const answer& from,
                                             const std::string& candidate) const override {
    page<hosted_zone> out;
    if (text_at(from.json(), "data") == "true") out.items.push_back({candidate, candidate});
    return out;
  }

  request list(const txt_value& txt, const std::string&) const override { return get(records_of(txt)); }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "data"))
      if (text_at(each, "type") == "TXT" && text_at(each, "source") == txt.relative())
        out.items.push_back({text_at(each, "id"), text_at(each, "target")});
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json(
        "POST", records_of(txt) + "?with=idn",
        {{"source", txt.relative()}, {"target", txt.value()}, {"ttl", txt.ttl}, {"type", "TXT"}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at(records_of(txt) + "/" + id);
  }

 private:
  static std::string records_of(const txt_value& txt) { return "/2/zones/" + txt.zone.id + "/records"; }

  base::secret token_;
};

}  // namespace

const provider_metadata& infomaniak_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_infomaniak(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<infomaniak>(options));
}

}  // namespace cardea::dnsproviders
