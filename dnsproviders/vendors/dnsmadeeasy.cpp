#include "dnsproviders/vendors/dnsmadeeasy.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <fmt/chrono.h>

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::string_view sandbox_url = "https://api.sandbox.dnsmadeeasy.com/V2.0";

constexpr std::array<option_spec, 4> options_of{{
    {"api_key", "DNSMADEEASY_API_KEY", true, true, {}, "the account's API key"},
    {"api_secret", "DNSMADEEASY_API_SECRET", true, true, {}, "that key's secret"},
    {"sandbox", "DNSMADEEASY_SANDBOX", false, false, {}, "true: the vendor's test system"},
    {"base_url", {}, false, false, {}, "another API address, when api_url is not given"},
}};
constexpr provider_metadata metadata{
    "dnsmadeeasy",
    {},
    "DNS Made Easy",
    "https://api-docs.dnsmadeeasy.com/",
    options_of,
    "DNSMADEEASY_",
    {"https://api.dnsmadeeasy.com/V2.0", 120, 1, {}, std::chrono::seconds(10)}};

class dnsmadeeasy final : public record_vendor {
 public:
  explicit dnsmadeeasy(const option_values& options)
      : key_(options["api_key"]), secret_(options["api_secret"]) {}

  // What is signed is the date alone.
  void authorize(request& to, base::wall_time now) const override {
    const std::string date =
        fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
    to.headers.push_back({"x-dnsme-apiKey", key_.reveal()});
    to.headers.push_back({"x-dnsme-requestDate", date});
    to.headers.push_back({"x-dnsme-hmac", base::hex(base::hmac(base::digest::sha1, secret_.reveal(), date))});
  }

  outcome judge(const answer& from) const override {
    if (from.status() == 400 && words(from).find("already exists") != std::string::npos)
      return outcome::exists;
    return vendor::judge(from);
  }

  zone_source zones_from() const override { return zone_source::ask; }
  request zones(const std::string& candidate, const std::string&) const override {
    return get(with_query("/dns/managed/name", {{"domainname", candidate}}));
  }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    out.items.push_back({text_at(from.json(), "name"), text_at(from.json(), "id")});
    if (out.items.front().id.empty())
      return base::error(base::errc::protocol, "the vendor's answer is not a domain");
    return out;
  }

  request list(const txt_value& txt, const std::string& cursor) const override {
    parameters fields{{"recordName", txt.relative("")}, {"type", "TXT"}};
    if (!cursor.empty()) fields.emplace_back("page", cursor);
    return get(with_query(records_of(txt), fields));
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "data"))
      if (text_at(each, "type") == "TXT" &&
          base::equal_ignoring_case(text_at(each, "name"), txt.relative("")))
        out.items.push_back({text_at(each, "id"), text_at(each, "value")});
    const json::value& number = at(from.json(), "page");
    const json::value& count = at(from.json(), "totalPages");
    // The first page is called 0.
    if (number.is_int64() && count.is_int64() && number.get_int64() + 1 < count.get_int64())
      out.next = std::to_string(number.get_int64() + 1);
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json("POST", records_of(txt),
                     {{"type", "TXT"},
                      {"name", txt.relative("")},
                      {"value", txt.value()},
                      {"ttl", txt.ttl},
                      {"gtdLocation", "DEFAULT"}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at(records_of(txt) + "/" + id);
  }

 private:
  static std::string records_of(const txt_value& txt) { return "/dns/managed/" + txt.zone.id + "/records"; }

  base::secret key_;
  base::secret secret_;
};

}  // namespace

const provider_metadata& dnsmadeeasy_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_dnsmadeeasy(const option_values& options, services with) {
  const auto sandbox = options.flag("sandbox");
  if (!sandbox) return sandbox.error();
  provider_metadata of = metadata;
  if (!options["base_url"].empty()) of.defaults.api_url = options["base_url"];
  if (*sandbox) of.defaults.api_url = sandbox_url;
  return make_record_provider(of, options, std::move(with), std::make_unique<dnsmadeeasy>(options));
}

}  // namespace cardea::dnsproviders
