#include "dnsproviders/vendors/namedotcom.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 3> options_of{{
    {"server", "NAMECOM_SERVER", false, false, {}, "the same as api_url"},
    {"username", "NAMECOM_USERNAME", true, false, {}, "the account's name"},
    {"api_token", "NAMECOM_API_TOKEN", true, true, {}, "an API token"},
}};
constexpr provider_metadata metadata{"namedotcom",
                                     {},
                                     "Name.com",
                                     "https://www.name.com/api-docs/DNS",
                                     options_of,
                                     "NAMECOM_",
                                     {"https://api.name.com",
                                      300,
                                      300,
                                      {std::chrono::seconds(900), std::chrono::seconds(20)},
                                      std::chrono::seconds(10),
                                      "server"}};

class namedotcom final : public record_vendor {
 public:
  explicit namedotcom(const option_values& options)
      : user_(options["username"]), token_(options["api_token"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", basic(user_, token_.reveal())});
  }

  request list(const txt_value& txt, const std::string& cursor) const override {
    return get(with_query(records_of(txt), {{"page", cursor.empty() ? "1" : cursor}, {"perPage", "1000"}}));
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "records"))
      if (text_at(each, "type") == "TXT" && text_at(each, "fqdn") == txt.fqdn() + ".")
        out.items.push_back({text_at(each, "id"), text_at(each, "answer")});
    out.next = text_at(from.json(), "nextPage");
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json("POST", records_of(txt),
                     {{"host", txt.relative()}, {"type", "TXT"}, {"answer", txt.value()}, {"ttl", txt.ttl}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at(records_of(txt) + "/" + id);
  }

 private:
  static std::string records_of(const txt_value& txt) { return "/v4/domains/" + txt.zone.name + "/records"; }

  std::string user_;
  base::secret token_;
};

}  // namespace

const provider_metadata& namedotcom_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_namedotcom(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<namedotcom>(options));
}

}  // namespace cardea::dnsproviders
