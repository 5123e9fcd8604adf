#include "dnsproviders/vendors/easydns.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 3> options_of{{
    {"token", "EASYDNS_TOKEN", true, true, {}, "the API token"},
    {"key", "EASYDNS_KEY", true, true, {}, "the API key"},
    {"endpoint", "EASYDNS_ENDPOINT", false, false, {}, "the same as api_url"},
}};
constexpr provider_metadata metadata{
    "easydns",
    {},
    "easyDNS",
    "https://docs.sandbox.rest.easydns.net",
    options_of,
    "EASYDNS_",
    {"https://rest.easydns.net", 120, 1, {}, std::chrono::seconds(30), "endpoint"}};

class easydns final : public record_vendor {
 public:
  explicit easydns(const option_values& options) : token_(options["token"]), key_(options["key"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", basic(token_.reveal(), key_.reveal())});
    to.headers.push_back({"Accept", "application/json"});
  }
  // Errors come with a status, with a member of the body, or with both.
  outcome judge(const answer& from) const override {
    if (at(from.json(), "error").is_object())
      return text_at(from.json(), "error.code") == "404" ? outcome::absent : outcome::refused;
    return vendor::judge(from);
  }
  // "Enhance your calm".
  bool is_busy(const answer& from) const override {
    return from.status() == 420 || text_at(from.json(), "error.code") == "420";
  }
  std::string words(const answer& from) const override {
    const std::string why = text_at(from.json(), "error.message");
    return why.empty() ? vendor::words(from) : why;
  }

  request list(const txt_value& txt, const std::string& cursor) const override {
    const std::string path = "/zones/records/all/" + txt.zone.name;
    if (cursor.empty()) return get(with_query(path, {{"format", "json"}}));
    return get(with_query(path, {{"format", "json"}, {"start", cursor}}));
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "data"))
      if (text_at(each, "type") == "TXT" && text_at(each, "host") == txt.relative())
        out.items.push_back({text_at(each, "id"), text_at(each, "rdata")});
    const json::value& start = at(from.json(), "start");
    const json::value& count = at(from.json(), "count");
    const json::value& total = at(from.json(), "total");
    if (start.is_int64() && count.is_int64() && total.is_int64() && count.get_int64() > 0 &&
        start.get_int64() + count.get_int64() < total.get_int64())
      out.next = std::to_string(start.get_int64() + count.get_int64());
    return out;
  }
  // PUT adds here; all members are texts.
  request add(const txt_value& txt) const override {
    return send_json("PUT", "/zones/records/add/" + txt.zone.name + "/TXT?format=json",
                     {{"domain", txt.zone.name},
                      {"host", txt.relative()},
                      {"ttl", std::to_string(txt.ttl)},
                      {"prio", "0"},
                      {"type", "TXT"},
                      {"rdata", txt.value()}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at("/zones/records/" + txt.zone.name + "/" + id + "?format=json");
  }

 private:
  base::secret token_;
  base::secret key_;
};

}  // namespace

const provider_metadata& easydns_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_easydns(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<easydns>(options));
}

}  // namespace cardea::dnsproviders
