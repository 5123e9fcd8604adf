#include "dnsproviders/cloudflare.hpp"

#include "base/dns_name.hpp"
#include "base/text.hpp"
#include "dnsproviders/timing.hpp"
#include "dnsproviders/vendor_call.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <map>

namespace cardea::dnsproviders {
namespace {

namespace json = boost::json;

constexpr std::array<option_spec, 5> options_of{{
    {"auth_token",
     "CLOUDFLARE_DNS_API_TOKEN CF_DNS_API_TOKEN CLOUDFLARE_API_TOKEN CF_API_TOKEN",
     false,
     true,
     {},
     "an API token with Zone/DNS/Edit and Zone/Zone/Read"},
    {"zone_token",
     "CLOUDFLARE_ZONE_API_TOKEN CF_ZONE_API_TOKEN",
     false,
     true,
     {},
     "a token for the look-up of zones only"},
    {"auth_email", "CLOUDFLARE_EMAIL CF_API_EMAIL", false, false, {}, "of the account, with auth_key"},
    {"auth_key", "CLOUDFLARE_API_KEY CF_API_KEY", false, true, {}, "the global API key, with auth_email"},
    {"base_url", "CLOUDFLARE_BASE_URL", false, false, "https://api.cloudflare.com/client/v4", "of the API"},
}};
constexpr provider_metadata metadata{
    "cloudflare", {}, "Cloudflare", "https://developers.cloudflare.com/api/", options_of, "CLOUDFLARE_ CF_"};

constexpr std::int64_t record_exists = 81057;
constexpr std::int64_t identical_record_exists = 81058;
constexpr int pages_max = 50;

struct settings {
  std::string url;
  base::secret token;
  base::secret zone_token;
  std::string email;
  base::secret key;
  int ttl = 120;
  std::chrono::milliseconds timeout{30'000};
  propagation_timing propagation;
};

// What clean-up needs to know of a record that was written.
struct written_record {
  std::string zone;  ///< its id
  std::string id;    ///< empty when the vendor did not tell
};

struct api_answer {
  json::object body;
  std::vector<std::int64_t> codes;  ///< of "errors", their chains included
};

std::string text(const json::object& from, const char* name) {
  const json::value* found = from.if_contains(name);
  return found != nullptr && found->is_string()
             ? std::string(found->get_string().data(), found->get_string().size())
             : "";
}

std::string unquoted(std::string value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    return value.substr(1, value.size() - 2);
  return value;
}

// Collects codes and words of an "errors" list; nested "error_chain" lists alike.
void read_errors(const json::value* list, std::vector<std::int64_t>& codes, std::string& words) {
  if (list == nullptr || !list->is_array()) return;
  for (const json::value& each : list->get_array()) {
    if (!each.is_object()) continue;
    const json::object& one = each.get_object();
    if (const json::value* code = one.if_contains("code"); code != nullptr && code->is_int64()) {
      codes.push_back(code->get_int64());
      words += (words.empty() ? "" : "; ") + std::to_string(code->get_int64()) + " " + text(one, "message");
    }
    read_errors(one.if_contains("error_chain"), codes, words);
  }
}

class cloudflare final : public provider {
 public:
  cloudflare(settings values, services with) : settings_(std::move(values)), with_(std::move(with)) {}

  base::awaitable<base::result<void>> present(challenge_record record) override {
    const auto zone = co_await zone_of(record.fqdn);
    if (!zone) co_return zone.error();
    base::fetch_request request = request_to("POST", "/zones/" + *zone + "/dns_records", settings_.token);
    request.body = json::serialize(json::object{{"type", "TXT"},
                                                {"name", record.fqdn},
                                                {"content", "\"" + record.value + "\""},
                                                {"ttl", settings_.ttl}});
    auto answer = co_await call(std::move(request));
    if (!answer) {
      // The zone may have been deleted and created anew since its id was asked for.
      zone_ids_.clear();
      co_return answer.error();
    }
    written_record& written = written_[record.fqdn + " " + record.value];
    written.zone = *zone;
    // The record may be there already (an answer that got lost, a crash): its id is looked for later.
    if (const json::value* result = answer->body.if_contains("result");
        result != nullptr && result->is_object())
      written.id = text(result->get_object(), "id");
    co_return base::result<void>();
  }

  base::awaitable<base::result<void>> clean_up(challenge_record record) override {
    written_record known;
    if (const auto at = written_.find(record.fqdn + " " + record.value); at != written_.end())
      known = at->second;
    if (known.zone.empty()) {
      auto zone = co_await zone_of(record.fqdn);
      if (!zone) co_return zone.error();
      known.zone = std::move(*zone);
    }
    if (known.id.empty()) {
      auto found = co_await find_record(known.zone, record);
      if (!found) co_return found.error();
      known.id = std::move(*found);
    }
    if (!known.id.empty()) {
      base::fetch_request request =
          request_to("DELETE", "/zones/" + known.zone + "/dns_records/" + known.id, settings_.token);
      const auto answer = co_await call(std::move(request), 404);
      if (!answer) co_return answer.error();
    }
    written_.erase(record.fqdn + " " + record.value);
    co_return base::result<void>();
  }

  propagation_timing timing() const noexcept override { return settings_.propagation; }

 private:
  base::fetch_request request_to(std::string method, const std::string& path,
                                 const base::secret& token) const {
    base::fetch_request out;
    out.method = std::move(method);
    out.url = join_url(settings_.url, path);
    out.timeout = settings_.timeout;
    out.headers.push_back({"Accept", "application/json"});
    if (out.method == "POST") out.headers.push_back({"Content-Type", "application/json"});
    if (!token.empty()) {
      out.headers.push_back({"Authorization", "Bearer " + token.reveal()});
    } else {
      out.headers.push_back({"X-Auth-Email", settings_.email});
      out.headers.push_back({"X-Auth-Key", settings_.key.reveal()});
    }
    return out;
  }

  // Success as Cloudflare means it: 2xx and "success", or a status or code that the caller can use.
  base::awaitable<base::result<api_answer>> call(base::fetch_request request, int also_good = 0) {
    const auto answer = co_await vendor_call(with_, std::move(request));
    if (!answer) co_return answer.error().at("cloudflare");
    base::error_code malformed;
    json::value parsed = json::parse(answer->body, malformed);
    api_answer out;
    std::string words;
    bool success = false;
    if (!malformed && parsed.is_object()) {
      out.body = std::move(parsed.get_object());
      read_errors(out.body.if_contains("errors"), out.codes, words);
      const json::value* flag = out.body.if_contains("success");
      success = flag != nullptr && flag->is_bool() && flag->get_bool();
    }
    const bool exists = std::any_of(out.codes.begin(), out.codes.end(), [](std::int64_t code) {
      return code == record_exists || code == identical_record_exists;
    });
    if ((answer->status / 100 == 2 && success) || answer->status == also_good || exists) co_return out;
    const std::vector<std::string> secrets{settings_.token.reveal(), settings_.zone_token.reveal(),
                                           settings_.key.reveal()};
    co_return vendor_error("cloudflare", *answer, words, secrets);
  }

  // The SOA names the zone; the API's list gives its id. An account that hosts
  // a parent only is found by going up.
  base::awaitable<base::result<std::string>> zone_of(std::string name) {
    base::result<std::string> apex = base::error(base::errc::not_found);
    if (with_.find_zone)
      apex = co_await with_.find_zone(name);
    else
      apex = co_await with_.resolver.find_zone(name);
    if (!apex) co_return apex.error().at("cloudflare");
    std::string candidate = *apex;
    while (candidate.find('.') != std::string::npos) {
      if (const auto known = zone_ids_.find(candidate); known != zone_ids_.end()) co_return known->second;
      const base::secret& token = settings_.zone_token.empty() ? settings_.token : settings_.zone_token;
      base::fetch_request request = request_to("GET", "/zones?name=" + candidate + "&per_page=50", token);
      const auto answer = co_await call(std::move(request));
      if (!answer) co_return answer.error();
      if (std::string id = choose_zone(answer->body); !id.empty()) {
        zone_ids_[candidate] = id;
        co_return id;
      }
      candidate = std::string(base::parent_name(candidate));
    }
    co_return base::error(base::errc::not_found, "cloudflare: no zone for " + name +
                                                     " (a token without Zone/Zone/Read sees none either)");
  }

  // The active one when several accounts have the same zone.
  static std::string choose_zone(const json::object& body) {
    std::string out;
    const json::value* list = body.if_contains("result");
    if (list == nullptr || !list->is_array()) return out;
    for (const json::value& each : list->get_array()) {
      if (!each.is_object()) continue;
      if (out.empty() || text(each.get_object(), "status") == "active") out = text(each.get_object(), "id");
    }
    return out;
  }

  static std::int64_t total_pages(const json::object& body) {
    const json::value* info = body.if_contains("result_info");
    const json::value* count =
        info != nullptr && info->is_object() ? info->get_object().if_contains("total_pages") : nullptr;
    return count != nullptr && count->is_int64() ? count->get_int64() : pages_max;
  }

  // After a restart the id is unknown: found by name and value, page by page.
  base::awaitable<base::result<std::string>> find_record(std::string zone, challenge_record record) {
    for (int page = 1; page <= pages_max; ++page) {
      base::fetch_request request =
          request_to("GET",
                     "/zones/" + zone + "/dns_records?type=TXT&name=" + record.fqdn +
                         "&per_page=100&page=" + std::to_string(page),
                     settings_.token);
      const auto answer = co_await call(std::move(request));
      if (!answer) co_return answer.error();
      const json::value* list = answer->body.if_contains("result");
      if (list == nullptr || !list->is_array() || list->get_array().empty()) break;
      for (const json::value& each : list->get_array())
        if (each.is_object() && unquoted(text(each.get_object(), "content")) == record.value)
          co_return text(each.get_object(), "id");
      if (page >= total_pages(answer->body)) break;
    }
    co_return std::string();
  }

  settings settings_;
  services with_;
  std::map<std::string, std::string> zone_ids_;    ///< by zone name
  std::map<std::string, written_record> written_;  ///< by "fqdn value"
};

}  // namespace

const provider_metadata& cloudflare_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_cloudflare(const option_values& options, services with) {
  settings out;
  out.url = options["api_url"].empty() ? options["base_url"] : options["api_url"];
  if (!out.url.starts_with("http://") && !out.url.starts_with("https://"))
    return options.wrong("base_url", "is not an http or https URL");
  out.token = base::secret(options["auth_token"]);
  out.zone_token = base::secret(options["zone_token"]);
  out.email = options["auth_email"];
  out.key = base::secret(options["auth_key"]);
  if (out.token.empty()) {
    if (out.email.empty() && out.key.empty())
      return options.wrong("auth_token", "is missing (or auth_email with auth_key)");
    if (out.email.empty()) return options.wrong("auth_email", "is missing beside auth_key");
    if (out.key.empty()) return options.wrong("auth_key", "is missing beside auth_email");
  }
  if (!options["ttl"].empty()) {
    const auto ttl = options.number("ttl", 60, 86'400);
    if (!ttl) return ttl.error();
    out.ttl = *ttl;
  }
  if (!options["http_timeout"].empty()) {
    const auto timeout = options.timeout("http_timeout");
    if (!timeout) return timeout.error();
    out.timeout = *timeout;
  }
  const auto propagation = read_timing(options, {std::chrono::seconds(120), std::chrono::seconds(2)});
  if (!propagation) return propagation.error();
  out.propagation = *propagation;
  return std::unique_ptr<provider>(std::make_unique<cloudflare>(std::move(out), std::move(with)));
}

}  // namespace cardea::dnsproviders
