#include "dnsproviders/vendors/dreamhost.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 2> options_of{{
    {"api_key", "DREAMHOST_API_KEY", true, true, {}, "an API key that may use the dns- functions"},
    {"base_url", {}, false, false, {}, "the same as api_url"},
}};
constexpr provider_metadata metadata{
    "dreamhost",
    {},
    "DreamHost",
    "https://help.dreamhost.com/hc/en-us/articles/217555707-DNS-API-commands",
    options_of,
    "DREAMHOST_",
    {"https://api.dreamhost.com",
     14400,
     1,
     {std::chrono::seconds(3600), std::chrono::seconds(60)},
     std::chrono::seconds(30),
     "base_url"}};

class dreamhost final : public record_vendor {
 public:
  explicit dreamhost(const option_values& options) : key_(options["api_key"]) {}

  // Always 200: the body says what became of it.
  outcome judge(const answer& from) const override {
    const std::string word = text_at(from.json(), "data");
    if (word == "record_already_exists_remove_first") return outcome::exists;
    if (word == "no_such_record" || word == "no_such_value") return outcome::absent;
    const bool is_success = text_at(from.json(), "result") == "success";
    return from.status() == 200 && is_success ? outcome::done : outcome::refused;
  }
  bool is_busy(const answer& from) const override {
    return text_at(from.json(), "data") == "slow_down_bucko";
  }
  std::string words(const answer& from) const override {
    const std::string word = text_at(from.json(), "data");
    return word.empty() ? vendor::words(from) : word;
  }

  // It finds the zone by itself, and a record by its value.
  zone_source zones_from() const override { return zone_source::none; }
  bool has_list() const override { return false; }
  request add(const txt_value& txt) const override { return command("dns-add_record", txt); }
  request remove(const txt_value& txt, const std::string&) const override {
    return command("dns-remove_record", txt);
  }

 private:
  [[nodiscard]] request command(std::string name, const txt_value& txt) const {
    return get(with_query("/", {{"key", key_.reveal()},
                                {"cmd", std::move(name)},
                                {"format", "json"},
                                {"record", txt.fqdn()},
                                {"type", "TXT"},
                                {"value", txt.value()}}));
  }

  base::secret key_;
};

}  // namespace

const provider_metadata& dreamhost_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_dreamhost(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<dreamhost>(options));
}

}  // namespace cardea::dnsproviders
