#include "autocert/acme/directory.hpp"

#include "autocert/acme/json.hpp"
#include "autocert/acme/problem.hpp"

namespace cardea::autocert::acme {

base::result<directory> parse_directory(std::string_view body) {
  const auto parsed = parse_object(body);
  if (!parsed) return parsed.error().at("directory");
  directory out;
  out.new_nonce = text_member(*parsed, "newNonce");
  out.new_account = text_member(*parsed, "newAccount");
  out.new_order = text_member(*parsed, "newOrder");
  out.key_change = text_member(*parsed, "keyChange");
  out.revoke_cert = text_member(*parsed, "revokeCert");
  out.renewal_info = text_member(*parsed, "renewalInfo");
  if (out.new_nonce.empty() || out.new_account.empty() || out.new_order.empty())
    return base::error(errc::malformed_answer, "ca_dir_url does not answer with an ACME directory");
  // "meta" may be absent or null (B33).
  if (const auto* meta = object_member(*parsed, "meta")) {
    out.terms_of_service = text_member(*meta, "termsOfService");
    out.external_account_required = true_member(*meta, "externalAccountRequired");
    out.caa_identities = text_array(*meta, "caaIdentities");
    out.issuer_names = text_array(*meta, "issuerDomainNames");
    out.account_hash_prefix = text_member(*meta, "accountHashPrefix");
    if (const auto* profiles = object_member(*meta, "profiles"))
      for (const auto& each : *profiles) out.profiles.emplace_back(each.key());
  }
  return out;
}

}  // namespace cardea::autocert::acme
