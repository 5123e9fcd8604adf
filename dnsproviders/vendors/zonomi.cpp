#include "dnsproviders/vendors/zonomi.hpp"

#include "dnsproviders/rrset_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include "base/text.hpp"

#include <pugixml.hpp>

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 1> options_of{{
    {"api_key", "ZONOMI_API_KEY", true, true, {}, "the account's API key"},
}};
constexpr provider_metadata metadata{"zonomi",
                                     {},
                                     "Zonomi",
                                     "https://zonomi.com/app/dns/dyndns.jsp",
                                     options_of,
                                     "ZONOMI_",
                                     {"https://zonomi.com/app/dns", 3600, 1, {}}};

class zonomi final : public rrset_vendor {
 public:
  explicit zonomi(const option_values& options) : key_(options["api_key"]) {}

  // An error's root may come with any status.
  outcome judge(const answer& from) const override {
    pugi::xml_document document;
    document.load_buffer(from.body().data(), from.body().size());
    const bool is_fine = from.status() >= 200 && from.status() < 300 && document.child("dnsapi_result");
    return is_fine ? outcome::done : outcome::refused;
  }
  std::string words(const answer& from) const override {
    pugi::xml_document document;
    document.load_buffer(from.body().data(), from.body().size());
    const std::string text = document.child_value("error");
    return text.empty() ? vendor::words(from) : text;
  }

  // The server finds the zone by itself.
  zone_source zones_from() const override { return zone_source::none; }
  request read(const txt_value& txt) const override {
    return call({{"action", "QUERY"}, {"name", txt.fqdn()}, {"type", "TXT"}});
  }
  base::result<rrset> read_set(const answer& from, const txt_value& txt) const override {
    rrset out;
    pugi::xml_document document;
    document.load_buffer(from.body().data(), from.body().size());
    for (const pugi::xml_node action : document.child("dnsapi_result").child("actions").children("action"))
      for (const pugi::xml_node each : action.children("record"))
        if (std::string(each.attribute("type").value()) == "TXT" &&
            each.attribute("name").value() == txt.fqdn()) {
          out.values.emplace_back(each.attribute("content").value());
          out.ttl = each.attribute("ttl").as_int(txt.ttl);
        }
    return out;
  }
  // A SET replaces what is there, unless all values are named in one request; a DELETE takes one value.
  request write(const txt_value& txt, const rrset& old,
                const std::vector<std::string>& values) const override {
    if (values.size() < old.values.size())
      return call({{"action", "DELETE"}, {"name", txt.fqdn()}, {"type", "TXT"}, {"value", txt.value()}});
    std::vector<std::string> names;
    for (std::size_t i = 0; i < values.size(); ++i)
      for (const char* each : {"action", "name", "type", "value", "ttl"})
        names.push_back(std::string(each) + "[" + std::to_string(i) + "]");
    parameters fields;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::array<std::string, 5> of_one{"SET", txt.fqdn(), "TXT", values[i],
                                              std::to_string(old.ttl.value_or(txt.ttl))};
      for (std::size_t k = 0; k < of_one.size(); ++k)
        fields.emplace_back(names[i * of_one.size() + k], of_one[k]);
    }
    return call(fields);
  }

 private:
  request call(const parameters& fields) const {
    std::string path = "/dyndns.jsp?api_key=" + base::percent_encode(key_.reveal());
    for (const auto& [name, value] : fields)
      path += "&" + base::percent_encode(name) + "=" + base::percent_encode(value);
    return get(std::move(path));
  }

  base::secret key_;
};

}  // namespace

const provider_metadata& zonomi_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_zonomi(const option_values& options, services with) {
  return make_rrset_provider(metadata, options, std::move(with), std::make_unique<zonomi>(options));
}

}  // namespace cardea::dnsproviders
