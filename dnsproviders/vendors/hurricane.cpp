#include "dnsproviders/vendors/hurricane.hpp"

#include "base/text.hpp"
#include "dnsproviders/slot_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>
#include <map>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 1> options_of{{
    {"credentials",
     "HURRICANE_TOKENS",
     true,
     true,
     {},
     "name:token pairs, separated by commas; the name as in domains, without *."},
}};
constexpr provider_metadata metadata{
    "hurricane",
    {},
    "Hurricane Electric",
    "https://dns.he.net/",
    options_of,
    "HURRICANE_",
    {"https://dyn.dns.he.net", 300, 1, {std::chrono::seconds(300), std::chrono::seconds(2)}}};

using token_map = std::map<std::string, base::secret>;

// Empty when a part is no pair.
token_map tokens_in(std::string_view text) {
  token_map out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view part = base::trim(text.substr(0, comma));
    const auto colon = part.find(':');
    if (colon == 0 || colon == std::string_view::npos || colon + 1 == part.size()) return {};
    out.insert_or_assign(base::to_lower(base::trim(part.substr(0, colon))),
                         base::secret(std::string(base::trim(part.substr(colon + 1)))));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return out;
}

class hurricane final : public slot_vendor {
 public:
  explicit hurricane(const option_values& options) : tokens_(tokens_in(options["credentials"])) {}

  outcome judge(const answer& from) const override {
    const bool is_good = from.body().starts_with("good") || from.body().starts_with("nochg");
    return from.status() == 200 && is_good ? outcome::done : outcome::refused;
  }
  bool is_busy(const answer& from) const override { return from.body().starts_with("interval"); }
  std::string words(const answer& from) const override {
    const std::string& word = from.body();
    if (word.starts_with("badauth")) return "badauth: the token is not that of the record";
    if (word.starts_with("nohost")) return "nohost: there is no dynamic TXT record of that name";
    return word;
  }

  base::result<request> set(const txt_value& txt) const override { return update(txt, txt.value()); }
  // The record stays: it can only be written over.
  base::result<request> clear(const txt_value& txt) const override { return update(txt, "."); }

 private:
  // By the certificate's name, or by the name that a CNAME led to.
  [[nodiscard]] base::result<request> update(const txt_value& txt, std::string value) const {
    const challenge_record& record = txt.record;
    const bool is_led_away = record.fqdn != "_acme-challenge." + record.domain;
    const auto found = tokens_.find(is_led_away ? record.fqdn : record.domain);
    if (found == tokens_.end())
      return base::error(base::errc::invalid_argument,
                         "credentials hold no token for " + (is_led_away ? record.fqdn : record.domain));
    return send_form(
        "POST", "/nic/update",
        {{"password", found->second.reveal()}, {"hostname", record.fqdn}, {"txt", std::move(value)}});
  }

  token_map tokens_;
};

}  // namespace

const provider_metadata& hurricane_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_hurricane(const option_values& options, services with) {
  if (tokens_in(options["credentials"]).empty())
    return options.wrong("credentials", "holds no pairs of a name and a token, as name:token,name:token");
  return make_slot_provider(metadata, options, std::move(with), std::make_unique<hurricane>(options));
}

}  // namespace cardea::dnsproviders
