#include "dnsproviders/vendors/gandiv5.hpp"

#include "dnsproviders/rrset_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 3> options_of{{
    {"personal_access_token",
     "GANDIV5_PERSONAL_ACCESS_TOKEN",
     false,
     true,
     {},
     "with the right to manage the domain's technical configuration"},
    {"api_key", "GANDIV5_API_KEY", false, true, {}, "of the former kind, without personal_access_token"},
    {"base_url", {}, false, false, {}, "the same as api_url"},
}};
// Changes take minutes to reach all of its name servers.
constexpr provider_metadata metadata{"gandiv5",
                                     {},
                                     "Gandi LiveDNS",
                                     "https://api.gandi.net/docs/livedns/",
                                     options_of,
                                     "GANDIV5_",
                                     {"https://api.gandi.net/v5/livedns",
                                      300,
                                      300,
                                      {std::chrono::seconds(1200), std::chrono::seconds(20)},
                                      std::chrono::seconds(10),
                                      "base_url"}};

class gandiv5 final : public rrset_vendor {
 public:
  explicit gandiv5(const option_values& options)
      : token_(options["personal_access_token"]), key_(options["api_key"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back(
        {"Authorization", token_.empty() ? "Apikey " + key_.reveal() : bearer(token_.reveal())});
  }

  request read(const txt_value& txt) const override { return get(path_of(txt)); }
  base::result<rrset> read_set(const answer& from, const txt_value&) const override {
    rrset out;
    for (const json::value& each : list_at(from.json(), "rrset_values")) out.values.push_back(text_at(each));
    const json::value& ttl = at(from.json(), "rrset_ttl");
    if (ttl.is_int64()) out.ttl = static_cast<int>(ttl.get_int64());
    return out;
  }
  request write(const txt_value& txt, const rrset& old,
                const std::vector<std::string>& values) const override {
    if (values.empty()) return remove_at(path_of(txt));
    json::array all;
    for (const std::string& each : values) all.push_back(json::string(each));
    return send_json("PUT", path_of(txt),
                     {{"rrset_ttl", old.ttl.value_or(txt.ttl)}, {"rrset_values", std::move(all)}});
  }

 private:
  static std::string path_of(const txt_value& txt) {
    return "/domains/" + txt.zone.id + "/records/" + txt.relative() + "/TXT";
  }

  base::secret token_;
  base::secret key_;
};

}  // namespace

const provider_metadata& gandiv5_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_gandiv5(const option_values& options, services with) {
  if (options["personal_access_token"].empty() && options["api_key"].empty())
    return options.wrong("personal_access_token", "is missing (or the former api_key)");
  return make_rrset_provider(metadata, options, std::move(with), std::make_unique<gandiv5>(options));
}

}  // namespace cardea::dnsproviders
