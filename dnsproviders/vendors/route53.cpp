#include "dnsproviders/vendors/route53.hpp"

#include "base/dns_name.hpp"
#include "dnsproviders/aws_signature.hpp"
#include "dnsproviders/rrset_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <pugixml.hpp>

#include <array>
#include <sstream>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 9> options_of{{
    {"access_key_id", "AWS_ACCESS_KEY_ID", true, false, {}, "the id of an access key"},
    {"secret_access_key", "AWS_SECRET_ACCESS_KEY", true, true, {}, "the access key"},
    {"session_token", "AWS_SESSION_TOKEN", false, true, {}, "of temporary credentials"},
    {"region", "AWS_REGION", false, false, {}, "only its partition counts: cn-..., us-gov-... or any other"},
    {"hosted_zone_id", "AWS_HOSTED_ZONE_ID", false, false, {}, "instead of looking for the zone"},
    {"private_zone", "AWS_PRIVATE_ZONE", false, false, "false", "look for a private zone"},
    {"wait_for_record_sets_changed", "AWS_WAIT_FOR_RECORD_SETS_CHANGED", false, false, "true",
     "wait until all of the vendor's servers have a change"},
    {"assume_role_arn", "AWS_ASSUME_ROLE_ARN", false, false, {}, "a role to take on (not supported)"},
    {"external_id", "AWS_EXTERNAL_ID", false, false, {}, "with assume_role_arn (not supported)"},
}};
constexpr provider_metadata metadata{
    "route53",
    {},
    "Amazon Route 53",
    "https://docs.aws.amazon.com/Route53/latest/APIReference/",
    options_of,
    "AWS_",
    {"https://route53.amazonaws.com", 10, 1, {std::chrono::seconds(120), std::chrono::seconds(4)}}};

constexpr const char* name_space = "https://route53.amazonaws.com/doc/2013-04-01/";

bool is_true(const std::string& text) {
  return text == "true" || text == "1" || text == "t" || text == "yes";
}

std::string after_last_slash(const std::string& id) { return id.substr(id.rfind('/') + 1); }

class route53 final : public rrset_vendor {
 public:
  explicit route53(const option_values& options)
      : credentials_{options["access_key_id"], base::secret(options["secret_access_key"]),
                     base::secret(options["session_token"])},
        region_(signing_region(options["region"])),
        zone_id_(after_last_slash(options["hosted_zone_id"])),
        is_private_(is_true(options["private_zone"])),
        waits_(is_true(options["wait_for_record_sets_changed"])) {}

  void authorize(request& to, base::wall_time now) const override {
    sign_for_aws(to, credentials_, region_, "route53", now);
  }
  std::string words(const answer& from) const override {
    const pugi::xml_document document = parsed(from);
    const pugi::xml_node error = document.child("ErrorResponse").child("Error");
    if (error) return std::string(error.child_value("Code")) + ": " + error.child_value("Message");
    const std::string batch = document.child("InvalidChangeBatch").child("Messages").child_value("Message");
    return batch.empty() ? vendor::words(from) : batch;
  }

  zone_source zones_from() const override { return zone_id_.empty() ? zone_source::ask : zone_source::none; }
  request zones(const std::string& candidate, const std::string&) const override {
    return get(with_query("/2013-04-01/hostedzonesbyname", {{"dnsname", candidate}, {"maxitems", "10"}}));
  }
  // The list begins at the name and goes on with what follows in the alphabet.
  base::result<page<hosted_zone>> read_zones(const answer& from,
                                             const std::string& candidate) const override {
    page<hosted_zone> out;
    const pugi::xml_document document = parsed(from);
    for (const pugi::xml_node each :
         document.child("ListHostedZonesByNameResponse").child("HostedZones").children("HostedZone")) {
      const bool is_private = each.child("Config").child("PrivateZone").text().as_bool();
      if (is_private == is_private_ && base::normalise_dns_name(each.child_value("Name")) == candidate)
        out.items.push_back({candidate, after_last_slash(each.child_value("Id"))});
    }
    return out;
  }

  request read(const txt_value& txt) const override {
    return get(with_query("/2013-04-01/hostedzone/" + id_of(txt) + "/rrset",
                          {{"name", txt.fqdn() + "."}, {"type", "TXT"}}));
  }
  base::result<rrset> read_set(const answer& from, const txt_value& txt) const override {
    rrset out;
    const pugi::xml_document document = parsed(from);
    for (const pugi::xml_node set : document.child("ListResourceRecordSetsResponse")
                                        .child("ResourceRecordSets")
                                        .children("ResourceRecordSet")) {
      const bool is_ours = base::normalise_dns_name(set.child_value("Name")) == txt.fqdn() &&
                           std::string_view(set.child_value("Type")) == "TXT" && !set.child("SetIdentifier");
      if (!is_ours) continue;
      out.ttl = set.child("TTL").text().as_int(txt.ttl);
      for (const pugi::xml_node each : set.child("ResourceRecords").children("ResourceRecord"))
        out.values.emplace_back(each.child_value("Value"));
    }
    return out;
  }
  // A DELETE must name the set exactly as it is.
  request write(const txt_value& txt, const rrset& old,
                const std::vector<std::string>& values) const override {
    pugi::xml_document document;
    pugi::xml_node root = document.append_child("ChangeResourceRecordSetsRequest");
    root.append_attribute("xmlns") = name_space;
    pugi::xml_node change = root.append_child("ChangeBatch").append_child("Changes").append_child("Change");
    change.append_child("Action").text() = values.empty() ? "DELETE" : "UPSERT";
    pugi::xml_node set = change.append_child("ResourceRecordSet");
    set.append_child("Name").text() = (txt.fqdn() + ".").c_str();
    set.append_child("Type").text() = "TXT";
    set.append_child("TTL").text() = old.ttl.value_or(txt.ttl);
    pugi::xml_node records = set.append_child("ResourceRecords");
    for (const std::string& each : values.empty() ? old.values : values)
      records.append_child("ResourceRecord").append_child("Value").text() = ("\"" + each + "\"").c_str();
    std::ostringstream text;
    document.save(text, "", pugi::format_raw | pugi::format_no_declaration);
    request out;
    out.method = "POST";
    out.url = "/2013-04-01/hostedzone/" + id_of(txt) + "/rrset/";
    out.headers.push_back({"Content-Type", "application/xml"});
    out.body = text.str();
    return out;
  }

  std::optional<request> settle(const hosted_zone&, const answer& written,
                                const answer* last) const override {
    const pugi::xml_document first = parsed(written);
    const pugi::xml_node change = first.first_child().child("ChangeInfo");
    const pugi::xml_document now = parsed(last != nullptr ? *last : written);
    const std::string_view status = now.first_child().child("ChangeInfo").child_value("Status");
    if (!waits_ || !change || status != "PENDING") return std::nullopt;
    return get("/2013-04-01/change/" + after_last_slash(change.child_value("Id")));
  }

 private:
  static pugi::xml_document parsed(const answer& from) {
    pugi::xml_document out;
    out.load_buffer(from.body().data(), from.body().size());
    return out;
  }
  static std::string signing_region(const std::string& region) {
    if (region.starts_with("cn-")) return "cn-northwest-1";
    return region.starts_with("us-gov-") ? "us-gov-west-1" : "us-east-1";
  }
  [[nodiscard]] const std::string& id_of(const txt_value& txt) const {
    return zone_id_.empty() ? txt.zone.id : zone_id_;
  }

  aws_credentials credentials_;
  std::string region_;
  std::string zone_id_;
  bool is_private_;
  bool waits_;
};

}  // namespace

const provider_metadata& route53_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_route53(const option_values& options, services with) {
  for (const char* each : {"assume_role_arn", "external_id"})
    if (!options[each].empty())
      return options.wrong(
          each, "cannot be used: roles are not supported, give the keys of a user that may write the zone");
  return make_rrset_provider(metadata, options, std::move(with), std::make_unique<route53>(options));
}

}  // namespace cardea::dnsproviders
