#include "dnsproviders/vendors/vercel.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 2> options_of{{
    {"auth_token", "VERCEL_API_TOKEN", true, true, {}, "an API token"},
    {"team_id", "VERCEL_TEAM_ID", false, false, {}, "the team that the domain belongs to, as team_..."},
}};
constexpr provider_metadata metadata{
    "vercel",
    {},
    "Vercel",
    "https://vercel.com/docs/rest-api/endpoints/dns",
    options_of,
    "VERCEL_",
    {"https://api.vercel.com", 60, 60, {std::chrono::seconds(60), std::chrono::seconds(5)}}};

class vercel final : public record_vendor {
 public:
  explicit vercel(const option_values& options) : token_(options["auth_token"]), team_(options["team_id"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", bearer(token_.reveal())});
  }

  request list(const txt_value& txt, const std::string& cursor) const override {
    parameters fields{{"limit", "100"}};
    if (!cursor.empty()) fields.emplace_back("until", cursor);
    return get(for_team(with_query("/v4/domains/" + txt.zone.name + "/records", fields)));
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "records"))
      if (text_at(each, "type") == "TXT" && text_at(each, "name") == txt.relative(""))
        out.items.push_back({text_at(each, "id"), text_at(each, "value")});
    out.next = text_at(from.json(), "pagination.next");
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json("POST", for_team("/v2/domains/" + txt.zone.name + "/records"),
                     {{"name", txt.relative("")}, {"type", "TXT"}, {"value", txt.value()}, {"ttl", txt.ttl}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at(for_team("/v2/domains/" + txt.zone.name + "/records/" + id));
  }

 private:
  [[nodiscard]] std::string for_team(std::string path) const {
    return team_.empty() ? path : with_query(path, {{"teamId", team_}});
  }

  base::secret token_;
  std::string team_;
};

}  // namespace

const provider_metadata& vercel_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_vercel(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<vercel>(options));
}

}  // namespace cardea::dnsproviders
