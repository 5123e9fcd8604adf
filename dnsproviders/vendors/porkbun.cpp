#include "dnsproviders/vendors/porkbun.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 2> options_of{{
    {"api_key", "PORKBUN_API_KEY", true, true, {}, "the API key; API access must be on for the domain"},
    {"secret_api_key", "PORKBUN_SECRET_API_KEY", true, true, {}, "the secret API key"},
}};
constexpr provider_metadata metadata{
    "porkbun",
    {},
    "Porkbun",
    "https://porkbun.com/api/json/v3/documentation",
    options_of,
    "PORKBUN_",
    {"https://api.porkbun.com/api/json/v3", 300, 300, {std::chrono::seconds(600), std::chrono::seconds(10)}}};

class porkbun final : public record_vendor {
 public:
  explicit porkbun(const option_values& options)
      : key_(options["api_key"]), secret_(options["secret_api_key"]) {}

  // An error may come with status 200.
  outcome judge(const answer& from) const override {
    return from.status() == 200 && text_at(from.json(), "status") == "SUCCESS" ? outcome::done
                                                                               : outcome::refused;
  }
  std::string words(const answer& from) const override {
    const std::string text = text_at(from.json(), "message");
    return text.empty() ? vendor::words(from) : text;
  }

  request list(const txt_value& txt, const std::string&) const override {
    return call("/dns/retrieveByNameType/" + txt.zone.name + "/TXT/" + txt.relative(""), {});
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value&) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "records"))
      out.items.push_back({text_at(each, "id"), text_at(each, "content")});
    return out;
  }
  request add(const txt_value& txt) const override {
    return call("/dns/create/" + txt.zone.name, {{"name", txt.relative("")},
                                                 {"type", "TXT"},
                                                 {"content", txt.value()},
                                                 {"ttl", std::to_string(txt.ttl)}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return call("/dns/delete/" + txt.zone.name + "/" + id, {});
  }

 private:
  // The credentials stand in every body; every call is a POST.
  [[nodiscard]] request call(std::string path, json::object body) const {
    body["apikey"] = key_.reveal();
    body["secretapikey"] = secret_.reveal();
    return send_json("POST", std::move(path), body);
  }

  base::secret key_;
  base::secret secret_;
};

}  // namespace

const provider_metadata& porkbun_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_porkbun(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<porkbun>(options));
}

}  // namespace cardea::dnsproviders
