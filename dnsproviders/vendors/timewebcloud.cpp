#include "dnsproviders/vendors/timewebcloud.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 1> options_of{{
    {"auth_token", "TIMEWEBCLOUD_AUTH_TOKEN", true, true, {}, "a token made in the panel"},
}};
constexpr provider_metadata metadata{"timewebcloud",
                                     {},
                                     "Timeweb Cloud",
                                     "https://timeweb.cloud/api-docs",
                                     options_of,
                                     "TIMEWEBCLOUD_",
                                     {"https://api.timeweb.cloud/api",
                                      600,
                                      1,
                                      {std::chrono::seconds(120), std::chrono::seconds(2)},
                                      std::chrono::seconds(10)}};

class timewebcloud final : public record_vendor {
 public:
  explicit timewebcloud(const option_values& options) : token_(options["auth_token"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", bearer(token_.reveal())});
  }

  // The registered domain is found by the DNS; its records are listed with their sub-domain.
  request list(const txt_value& txt, const std::string& cursor) const override {
    return get(with_query("/v1/domains/" + txt.zone.name + "/dns-records",
                          {{"limit", "100"}, {"offset", cursor.empty() ? "0" : cursor}}));
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    const json::array& records = list_at(from.json(), "dns_records");
    for (const json::value& each : records)
      if (text_at(each, "type") == "TXT" && text_at(each, "data.sub") == txt.relative(""))
        out.items.push_back({text_at(each, "id"), text_at(each, "data.value")});
    return out;
  }
  // The vendor takes the full name for the domain and splits it itself; it has no TTL.
  request add(const txt_value& txt) const override {
    return send_json("POST", "/v2/domains/" + txt.fqdn() + "/dns-records",
                     {{"type", "TXT"}, {"value", txt.value()}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at("/v2/domains/" + txt.fqdn() + "/dns-records/" + id);
  }

 private:
  base::secret token_;
};

}  // namespace

const provider_metadata& timewebcloud_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_timewebcloud(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<timewebcloud>(options));
}

}  // namespace cardea::dnsproviders
