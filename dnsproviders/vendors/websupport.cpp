#include "dnsproviders/vendors/websupport.hpp"

#include "base/crypto.hpp"
#include "base/fetch_target.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 2> options_of{{
    {"api_key", "WEBSUPPORT_API_KEY", true, true, {}, "the API key's identifier"},
    {"secret", "WEBSUPPORT_SECRET", true, true, {}, "the API key's secret"},
}};
constexpr provider_metadata metadata{"websupport",
                                     {},
                                     "Websupport",
                                     "https://rest.websupport.sk/v2/docs",
                                     options_of,
                                     "WEBSUPPORT_",
                                     {"https://rest.websupport.sk", 120, 1, {}}};

class websupport final : public record_vendor {
 public:
  explicit websupport(const option_values& options) : key_(options["api_key"]), secret_(options["secret"]) {}

  // The path is signed without its query.
  void authorize(request& to, base::wall_time now) const override {
    const auto target = base::parse_fetch_target(to.url);
    if (!target) return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    const std::string text =
        to.method + " " + target->path.substr(0, target->path.find('?')) + " " + std::to_string(seconds);
    const std::string mac = base::hex(base::hmac(base::digest::sha1, secret_.reveal(), text));
    to.headers.push_back({"Accept", "application/json"});
    to.headers.push_back({"Accept-Language", "en_us"});
    to.headers.push_back({"Date", base::to_rfc3339(now)});
    to.headers.push_back({"Authorization", basic(key_.reveal(), mac)});
  }

  // What is wrong with each field says more than the title.
  std::string words(const answer& from) const override {
    std::string out;
    for (const json::value& each : list_at(from.json(), "violations")) {
      out += (out.empty() ? "" : "; ") + text_at(each, "propertyPath") + ":";
      for (const json::value& error : list_at(each, "errors")) out += " " + text_at(error);
    }
    return out.empty() ? vendor::words(from) : out;
  }

  zone_source zones_from() const override { return zone_source::list; }
  request zones(const std::string&, const std::string& cursor) const override {
    if (cursor.empty()) return get("/v1/user/self/service");
    return get(with_query("/v1/user/self/service", {{"page", cursor}}));
  }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    for (const json::value& each : list_at(from.json(), "items"))
      if (text_at(each, "serviceName") == "domain")
        out.items.push_back({text_at(each, "name"), text_at(each, "id")});
    const std::int64_t number = number_at(from, "pager.page");
    const std::int64_t size = number_at(from, "pager.pagesize");
    if (number > 0 && size > 0 && number * size < number_at(from, "pager.items"))
      out.next = std::to_string(number + 1);
    return out;
  }

  request list(const txt_value& txt, const std::string& cursor) const override {
    return get(
        with_query(records_of(txt), {{"page", cursor.empty() ? "1" : cursor}, {"rowsPerPage", "100"}}));
  }
  // Names are relative when they are written, and full when they are read.
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "data"))
      if (text_at(each, "type") == "TXT" && base::equal_ignoring_case(text_at(each, "name"), txt.fqdn()))
        out.items.push_back({text_at(each, "id"), text_at(each, "content")});
    const std::int64_t number = number_at(from, "currentPage");
    if (number > 0 && number < number_at(from, "totalPages")) out.next = std::to_string(number + 1);
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json("POST", records_of(txt),
                     {{"type", "TXT"}, {"name", txt.relative()}, {"content", txt.value()}, {"ttl", txt.ttl}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at(records_of(txt) + "/" + id);
  }

 private:
  static std::string records_of(const txt_value& txt) { return "/v2/service/" + txt.zone.id + "/dns/record"; }
  static std::int64_t number_at(const answer& from, std::string_view path) {
    const json::value& found = at(from.json(), path);
    return found.is_int64() ? found.get_int64() : 0;
  }

  base::secret key_;
  base::secret secret_;
};

}  // namespace

const provider_metadata& websupport_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_websupport(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<websupport>(options));
}

}  // namespace cardea::dnsproviders
