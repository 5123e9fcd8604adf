#include "dnsproviders/vendors/exoscale.hpp"

#include "base/crypto.hpp"
#include "base/fetch_target.hpp"
#include "base/text.hpp"
#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::chrono::minutes signature_lives{10};

constexpr std::array<option_spec, 3> options_of{{
    {"api_key", "EXOSCALE_API_KEY", true, false, {}, "an API key whose role may change DNS"},
    {"api_secret", "EXOSCALE_API_SECRET", true, true, {}, "that key's secret"},
    {"endpoint", "EXOSCALE_ENDPOINT", false, false, {}, "another API address, when api_url is not given"},
}};
constexpr provider_metadata metadata{
    "exoscale",
    {},
    "Exoscale",
    "https://openapi-v2.exoscale.com/",
    options_of,
    "EXOSCALE_",
    {"https://api-ch-gva-2.exoscale.com/v2", 120, 1, {}, std::chrono::seconds(60)}};

class exoscale final : public record_vendor {
 public:
  explicit exoscale(const option_values& options)
      : key_(options["api_key"]), secret_(options["api_secret"]) {}

  // EXO2-HMAC-SHA256; no request here has a query or signed headers.
  void authorize(request& to, base::wall_time now) const override {
    const auto target = base::parse_fetch_target(to.url);
    if (!target) return;
    const auto until =
        std::chrono::duration_cast<std::chrono::seconds>((now + signature_lives).time_since_epoch());
    const std::string expires = std::to_string(until.count());
    const std::string message = to.method + " " + target->path + "\n" + to.body + "\n\n\n" + expires;
    to.headers.push_back(
        {"Authorization", "EXO2-HMAC-SHA256 credential=" + key_ + ",expires=" + expires + ",signature=" +
                              base::base64(base::hmac(base::digest::sha256, secret_.reveal(), message))});
  }

  // A write's answer is an operation, which may fail later.
  outcome judge(const answer& from) const override {
    const std::string state = text_at(from.json(), "state");
    if (from.status() == 200 && (state == "failure" || state == "timeout")) return outcome::refused;
    return vendor::judge(from);
  }
  std::optional<request> settle(const hosted_zone&, const answer& written,
                                const answer* last) const override {
    const answer& latest = last != nullptr ? *last : written;
    if (text_at(latest.json(), "state") != "pending") return std::nullopt;
    return get("/operation/" + base::percent_encode(text_at(latest.json(), "id")));
  }

  zone_source zones_from() const override { return zone_source::list; }
  request zones(const std::string&, const std::string&) const override { return get("/dns-domain"); }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    for (const json::value& each : list_at(from.json(), "dns-domains"))
      out.items.push_back({text_at(each, "unicode-name"), text_at(each, "id")});
    return out;
  }

  request list(const txt_value& txt, const std::string&) const override { return get(records_of(txt)); }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "dns-domain-records"))
      if (text_at(each, "type") == "TXT" &&
          base::equal_ignoring_case(text_at(each, "name"), txt.relative("")))
        out.items.push_back({text_at(each, "id"), text_at(each, "content")});
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json(
        "POST", records_of(txt),
        {{"name", txt.relative("")}, {"type", "TXT"}, {"content", txt.value()}, {"ttl", txt.ttl}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at(records_of(txt) + "/" + id);
  }

 private:
  static std::string records_of(const txt_value& txt) { return "/dns-domain/" + txt.zone.id + "/record"; }

  std::string key_;
  base::secret secret_;
};

}  // namespace

const provider_metadata& exoscale_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_exoscale(const option_values& options, services with) {
  provider_metadata of = metadata;
  if (!options["endpoint"].empty()) of.defaults.api_url = options["endpoint"];
  return make_record_provider(of, options, std::move(with), std::make_unique<exoscale>(options));
}

}  // namespace cardea::dnsproviders
