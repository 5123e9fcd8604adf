#include "dnsproviders/vendors/glesys.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 2> options_of{{
    {"api_user", "GLESYS_API_USER", true, false, {}, "the project, as CL12345"},
    {"api_key", "GLESYS_API_KEY", true, true, {}, "an API key that may use the domain functions"},
}};
constexpr provider_metadata metadata{"glesys",
                                     {},
                                     "GleSYS",
                                     "https://github.com/GleSYS/API/wiki/API-Documentation",
                                     options_of,
                                     "GLESYS_",
                                     {"https://api.glesys.com",
                                      60,
                                      60,
                                      {std::chrono::seconds(1200), std::chrono::seconds(20)},
                                      std::chrono::seconds(10)}};

class glesys final : public record_vendor {
 public:
  explicit glesys(const option_values& options) : user_(options["api_user"]), key_(options["api_key"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", basic(user_, key_.reveal())});
    to.headers.push_back({"Accept", "application/json"});
  }
  // The status in the body counts too.
  outcome judge(const answer& from) const override {
    const outcome by_status = vendor::judge(from);
    if (by_status != outcome::done) return by_status;
    return text_at(from.json(), "response.status.code") == "200" ? outcome::done : outcome::refused;
  }
  std::string words(const answer& from) const override {
    const std::string why = text_at(from.json(), "response.status.text");
    return why.empty() ? vendor::words(from) : why;
  }

  // All calls are POST, questions too.
  request list(const txt_value& txt, const std::string&) const override {
    return send_json("POST", "/domain/listrecords", {{"domainname", txt.zone.name}});
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "response.records"))
      if (text_at(each, "type") == "TXT" && text_at(each, "host") == txt.relative())
        out.items.push_back({text_at(each, "recordid"), text_at(each, "data")});
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json("POST", "/domain/addrecord",
                     {{"domainname", txt.zone.name},
                      {"host", txt.relative()},
                      {"type", "TXT"},
                      {"data", txt.value()},
                      {"ttl", txt.ttl}});
  }
  request remove(const txt_value&, const std::string& id) const override {
    return send_json("POST", "/domain/deleterecord", {{"recordid", std::stoll(id)}});
  }

 private:
  std::string user_;
  base::secret key_;
};

}  // namespace

const provider_metadata& glesys_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_glesys(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<glesys>(options));
}

}  // namespace cardea::dnsproviders
