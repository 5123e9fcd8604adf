#include "dnsproviders/vendors/namesilo.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <pugixml.hpp>

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 1> options_of{{
    {"api_key", "NAMESILO_API_KEY", true, true, {}, "the account's API key"},
}};
constexpr provider_metadata metadata{"namesilo",
                                     {},
                                     "NameSilo",
                                     "https://www.namesilo.com/api-reference",
                                     options_of,
                                     "NAMESILO_",
                                     {"https://www.namesilo.com/api",
                                      3600,
                                      3600,
                                      {std::chrono::seconds(1200), std::chrono::seconds(10)},
                                      std::chrono::seconds(10)}};

class namesilo final : public record_vendor {
 public:
  explicit namesilo(const option_values& options) : key_(options["api_key"]) {}

  // 200 for everything, and a block page in HTML for too many requests.
  outcome judge(const answer& from) const override {
    const std::string code = reply_of(from, "code");
    if (from.status() == 200 && (code == "300" || code == "301" || code == "302")) return outcome::done;
    return outcome::refused;
  }
  std::string words(const answer& from) const override {
    const std::string code = reply_of(from, "code");
    return code.empty() ? vendor::words(from) : code + " " + reply_of(from, "detail");
  }

  request list(const txt_value& txt, const std::string&) const override {
    return call("/dnsListRecords", {{"domain", txt.zone.name}});
  }
  // Names are relative when written and full when read.
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    pugi::xml_document document;
    document.load_buffer(from.body().data(), from.body().size());
    for (const pugi::xml_node each : document.child("namesilo").child("reply").children("resource_record")) {
      const std::string host = each.child_value("host");
      if (std::string(each.child_value("type")) != "TXT" || (host != txt.fqdn() && host != txt.relative()))
        continue;
      out.items.push_back({each.child_value("record_id"), each.child_value("value")});
    }
    return out;
  }
  request add(const txt_value& txt) const override {
    return call("/dnsAddRecord", {{"domain", txt.zone.name},
                                  {"rrtype", "TXT"},
                                  {"rrhost", txt.relative("")},
                                  {"rrvalue", txt.value()},
                                  {"rrttl", std::to_string(txt.ttl)},
                                  {"rrdistance", "0"}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return call("/dnsDeleteRecord", {{"domain", txt.zone.name}, {"rrid", id}});
  }

 private:
  request call(std::string_view operation, const parameters& fields) const {
    const std::string path =
        with_query(operation, {{"version", "1"}, {"type", "xml"}, {"key", key_.reveal()}});
    return get(with_query(path, fields));
  }
  static std::string reply_of(const answer& from, const char* member) {
    pugi::xml_document document;
    document.load_buffer(from.body().data(), from.body().size());
    return document.child("namesilo").child("reply").child_value(member);
  }

  base::secret key_;
};

}  // namespace

const provider_metadata& namesilo_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_namesilo(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<namesilo>(options));
}

}  // namespace cardea::dnsproviders
