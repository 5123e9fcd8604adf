#include "dnsproviders/vendors/ovh.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace cardea::dnsproviders {
namespace {

constexpr std::chrono::minutes token_margin{1};

constexpr std::array<option_spec, 7> options_of{{
    {"api_endpoint", "OVH_ENDPOINT", false, false, "ovh-eu",
     "ovh-eu, ovh-ca, ovh-us, kimsufi-eu, kimsufi-ca, soyoustart-eu, soyoustart-ca or an address"},
    {"application_key", "OVH_APPLICATION_KEY", false, false, {}, "with application_secret, consumer_key"},
    {"application_secret", "OVH_APPLICATION_SECRET", false, true, {}, "of the application"},
    {"consumer_key", "OVH_CONSUMER_KEY", false, true, {}, "that the application got for the account"},
    {"client_id", "OVH_CLIENT_ID", false, false, {}, "of an OAuth2 client, instead of an application"},
    {"client_secret", "OVH_CLIENT_SECRET", false, true, {}, "of the OAuth2 client"},
    {"access_token", "OVH_ACCESS_TOKEN", false, true, {}, "a token, instead of an application or client"},
}};
constexpr provider_metadata metadata{
    "ovh",
    {},
    "OVHcloud",
    "https://eu.api.ovh.com/",
    options_of,
    "OVH_",
    {{}, 120, 1, {std::chrono::seconds(180), std::chrono::seconds(2)}, std::chrono::seconds(180)}};

/// Where an endpoint's API and its tokens are.
struct place {
  std::string_view name;
  std::string_view api;
  std::string_view tokens;
};
constexpr std::string_view tokens_of_eu = "https://www.ovh.com/auth/oauth2/token";
constexpr std::array<place, 7> places{{
    {"ovh-eu", "https://eu.api.ovh.com/1.0", tokens_of_eu},
    {"ovh-ca", "https://ca.api.ovh.com/1.0", "https://ca.ovh.com/auth/oauth2/token"},
    {"ovh-us", "https://api.us.ovhcloud.com/1.0", "https://us.ovhcloud.com/auth/oauth2/token"},
    {"kimsufi-eu", "https://eu.api.kimsufi.com/1.0", {}},
    {"kimsufi-ca", "https://ca.api.kimsufi.com/1.0", {}},
    {"soyoustart-eu", "https://eu.api.soyoustart.com/1.0", {}},
    {"soyoustart-ca", "https://ca.api.soyoustart.com/1.0", {}},
}};

/// An address may stand for a name: the tokens then come from where that address belongs to.
place find_place(const std::string& endpoint) {
  if (endpoint.find('/') == std::string::npos) {
    for (const place& each : places)
      if (base::equal_ignoring_case(each.name, endpoint)) return each;
    return {};
  }
  for (const place& each : places)
    if (endpoint.starts_with(each.api)) return {each.name, endpoint, each.tokens};
  return {endpoint, endpoint, tokens_of_eu};
}

class ovh final : public record_vendor {
 public:
  ovh(const option_values& options, std::string_view tokens)
      : key_(options["application_key"]),
        secret_(options["application_secret"]),
        consumer_(options["consumer_key"]),
        client_(options["client_id"]),
        client_secret_(options["client_secret"]),
        tokens_(tokens),
        token_(options["access_token"]),
        token_end_(base::wall_time::max()) {}

  // Signatures hold the vendor's time: its distance to ours is asked once.
  std::optional<request> login(base::wall_time now) override {
    if (!key_.empty()) return ahead_ ? std::nullopt : std::optional(get("/auth/time"));
    if (client_.empty() || (!token_.empty() && now < token_end_)) return std::nullopt;
    return send_form("POST", tokens_,
                     {{"grant_type", "client_credentials"},
                      {"client_id", client_},
                      {"client_secret", client_secret_.reveal()},
                      {"scope", "all"}});
  }
  base::result<void> take_login(const answer& from, base::wall_time now) override {
    if (key_.empty()) {
      token_ = base::secret(text_at(from.json(), "access_token"));
      if (token_.empty()) return base::error(base::errc::protocol, "the vendor gave no token");
      token_end_ = now + std::chrono::seconds(number(text_at(from.json(), "expires_in"))) - token_margin;
      // A short life must not become a login for each request within a second.
      token_end_ = std::max(token_end_, now + std::chrono::seconds(1));
      return {};
    }
    const std::int64_t time = number(base::trim(from.body()));
    if (time == 0) return base::error(base::errc::protocol, "the vendor's time is not a number");
    ahead_ = std::chrono::seconds(time) - since_epoch(now);
    return {};
  }
  void forget_login() override {
    ahead_.reset();
    if (!client_.empty()) token_ = {};
  }
  void authorize(request& to, base::wall_time now) const override {
    if (to.url == tokens_) return;
    if (key_.empty()) {
      to.headers.push_back({"Authorization", bearer(token_.reveal())});
      return;
    }
    to.headers.push_back({"X-Ovh-Application", key_});
    if (!ahead_) return;
    const std::string time = std::to_string((since_epoch(now) + *ahead_).count());
    const std::string text = secret_.reveal() + "+" + consumer_.reveal() + "+" + to.method + "+" + to.url +
                             "+" + to.body + "+" + time;
    to.headers.push_back({"X-Ovh-Consumer", consumer_.reveal()});
    to.headers.push_back({"X-Ovh-Timestamp", time});
    to.headers.push_back({"X-Ovh-Signature", "$1$" + base::hex(base::hash(base::digest::sha1, text))});
  }
  std::vector<std::string> other_services() const override {
    return client_.empty() ? std::vector<std::string>() : std::vector<std::string>{tokens_};
  }

  // Many keys may write but not read: there is then nothing to be found before a write.
  outcome judge(const answer& from) const override {
    if (from.status() == 403 && text_at(from.json(), "errorCode") == "NOT_GRANTED_CALL")
      return outcome::absent;
    return vendor::judge(from);
  }
  std::string words(const answer& from) const override {
    const std::string message = text_at(from.json(), "message");
    return message.empty() ? vendor::words(from) : message;
  }

  // The list has ids alone; what they are is asked one by one.
  request list(const txt_value& txt, const std::string& cursor) const override {
    if (!cursor.empty()) return get(records_of(txt) + "/" + cursor);
    return get(with_query(records_of(txt), {{"fieldType", "TXT"}, {"subDomain", txt.relative("")}}));
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    std::vector<std::string>& unread = unread_[txt.fqdn()];
    page<found_record> out;
    if (from.json().is_array()) {
      unread.clear();
      for (const json::value& each : from.json().get_array()) unread.push_back(text_at(each));
      std::reverse(unread.begin(), unread.end());
    } else if (!unread.empty()) {
      out.items.push_back({unread.back(), text_at(from.json(), "target")});
      unread.pop_back();
    }
    if (!unread.empty()) out.next = unread.back();
    return out;
  }
  std::optional<std::string> known_id(const txt_value& txt) const override {
    const auto found = ids_.find(txt.fqdn() + " " + txt.value());
    return found == ids_.end() ? std::nullopt : std::optional(found->second);
  }

  request add(const txt_value& txt) const override {
    return send_json(
        "POST", records_of(txt),
        {{"fieldType", "TXT"}, {"subDomain", txt.relative("")}, {"target", txt.value()}, {"ttl", txt.ttl}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    ids_.erase(txt.fqdn() + " " + txt.value());
    return remove_at(records_of(txt) + "/" + id);
  }

  // Nothing is published before.
  std::optional<request> settle(const hosted_zone& zone, const answer& written,
                                const answer* last) const override {
    if (last != nullptr) return std::nullopt;
    remember(zone, written);
    request out;
    out.method = "POST";
    out.url = "/domain/zone/" + zone.id + "/refresh";
    return out;
  }
  bool settles_again() const override { return true; }

 private:
  static std::string records_of(const txt_value& txt) { return "/domain/zone/" + txt.zone.id + "/record"; }
  static std::chrono::seconds since_epoch(base::wall_time now) {
    return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  }
  static std::int64_t number(std::string_view text) {
    std::int64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
  }
  void remember(const hosted_zone& zone, const answer& written) const {
    const std::string id = text_at(written.json(), "id");
    const std::string sub = text_at(written.json(), "subDomain");
    const std::string value = unquoted(text_at(written.json(), "target"));
    if (id.empty() || value.empty()) return;
    ids_[(sub.empty() ? "" : sub + ".") + zone.name + " " + value] = id;
  }

  std::string key_;
  base::secret secret_;
  base::secret consumer_;
  std::string client_;
  base::secret client_secret_;
  std::string tokens_;
  base::secret token_;
  base::wall_time token_end_;
  std::optional<std::chrono::seconds> ahead_;
  // Under the engine's lock of the zone; control thread only.
  mutable std::map<std::string, std::vector<std::string>> unread_;  ///< by name, the next one last
  mutable std::map<std::string, std::string> ids_;                  ///< by name and value
};

// Which sets of credentials are there: exactly one, and that whole.
base::result<void> check_credentials(const option_values& options) {
  const std::vector<std::vector<std::string_view>> sets{
      {"application_key", "application_secret", "consumer_key"},
      {"client_id", "client_secret"},
      {"access_token"}};
  std::string_view used;
  for (const auto& set : sets) {
    const auto given = std::find_if(set.begin(), set.end(), [&](auto key) { return !options[key].empty(); });
    if (given == set.end()) continue;
    if (!used.empty())
      return options.wrong(*given, "contradicts " + std::string(used) + ": give one kind of credentials");
    used = *given;
    for (const std::string_view key : set)
      if (options[key].empty()) return options.wrong(key, "is missing (beside " + std::string(used) + ")");
  }
  if (used.empty())
    return options.wrong("application_key", "is missing (or client_id and client_secret, or access_token)");
  return {};
}

}  // namespace

const provider_metadata& ovh_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_ovh(const option_values& options, services with) {
  const auto checked = check_credentials(options);
  if (!checked) return checked.error();
  const place at_vendor = find_place(options["api_endpoint"]);
  if (at_vendor.api.empty())
    return options.wrong("api_endpoint", "is neither an endpoint's name nor an address");
  if (!options["client_id"].empty() && at_vendor.tokens.empty())
    return options.wrong("client_id", "cannot be used at " + std::string(at_vendor.name));
  provider_metadata of = metadata;
  of.defaults.api_url = at_vendor.api;
  return make_record_provider(of, options, std::move(with), std::make_unique<ovh>(options, at_vendor.tokens));
}

}  // namespace cardea::dnsproviders
