#include "dnsproviders/vendors/netlify.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <algorithm>

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 1> options_of{{
    {"token", "NETLIFY_TOKEN", true, true, {}, "a personal access token"},
}};
constexpr provider_metadata metadata{"netlify",
                                     {},
                                     "Netlify DNS",
                                     "https://open-api.netlify.com/",
                                     options_of,
                                     "NETLIFY_",
                                     {"https://api.netlify.com/api/v1", 300, 1, {}}};

class netlify final : public record_vendor {
 public:
  explicit netlify(const option_values& options) : token_(options["token"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", bearer(token_.reveal())});
  }

  request list(const txt_value& txt, const std::string&) const override { return get(records_of(txt)); }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json()))
      if (text_at(each, "type") == "TXT" && text_at(each, "hostname") == txt.fqdn())
        out.items.push_back({text_at(each, "id"), text_at(each, "value")});
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json("POST", records_of(txt),
                     {{"hostname", txt.fqdn()}, {"type", "TXT"}, {"value", txt.value()}, {"ttl", txt.ttl}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at(records_of(txt) + "/" + id);
  }

 private:
  // The zone's name serves as its id with dots turned into underscores.
  static std::string records_of(const txt_value& txt) {
    std::string id = txt.zone.name;
    std::replace(id.begin(), id.end(), '.', '_');
    return "/dns_zones/" + id + "/dns_records";
  }

  base::secret token_;
};

}  // namespace

const provider_metadata& netlify_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_netlify(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<netlify>(options));
}

}  // namespace cardea::dnsproviders
