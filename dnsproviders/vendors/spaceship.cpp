#include "dnsproviders/vendors/spaceship.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 2> options_of{{
    {"api_key",
     "SPACESHIP_API_KEY",
     true,
     true,
     {},
     "of the API manager, allowed to read and write DNS records"},
    {"api_secret", "SPACESHIP_API_SECRET", true, true, {}, "its secret"},
}};
constexpr provider_metadata metadata{"spaceship",
                                     {},
                                     "Spaceship",
                                     "https://docs.spaceship.dev/#tag/DNS-records",
                                     options_of,
                                     "SPACESHIP_",
                                     {"https://spaceship.dev/api/v1", 120, 60, {}}};

class spaceship final : public record_vendor {
 public:
  explicit spaceship(const option_values& options)
      : key_(options["api_key"]), secret_(options["api_secret"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"X-Api-Key", key_.reveal()});
    to.headers.push_back({"X-Api-Secret", secret_.reveal()});
  }

  // Without `force` a PUT merges; a DELETE names the value: nothing to look up.
  bool has_list() const override { return false; }
  request add(const txt_value& txt) const override {
    json::array items;
    items.push_back(
        json::object{{"type", "TXT"}, {"name", txt.relative()}, {"value", txt.value()}, {"ttl", txt.ttl}});
    return send_json("PUT", path_of(txt), {{"items", std::move(items)}});
  }
  request remove(const txt_value& txt, const std::string&) const override {
    json::array items;
    items.push_back(json::object{{"type", "TXT"}, {"name", txt.relative()}, {"value", txt.value()}});
    return send_json_list("DELETE", path_of(txt), items);
  }

 private:
  static std::string path_of(const txt_value& txt) { return "/dns/records/" + txt.zone.name; }

  base::secret key_;
  base::secret secret_;
};

}  // namespace

const provider_metadata& spaceship_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_spaceship(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<spaceship>(options));
}

}  // namespace cardea::dnsproviders
