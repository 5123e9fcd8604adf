#include "api/cert.hpp"

#include "api/services.hpp"
#include "autocert/status.hpp"
#include "base/utf8.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace cardea::api {
namespace {

boost::json::array array_of(const std::vector<std::string>& texts) {
  boost::json::array out;
  for (const std::string& text : texts) out.emplace_back(base::valid_utf8(text));
  return out;
}

}  // namespace

answer cert_info(const services& from) {
  const auto certificates = from.certificates.certificates();
  if (certificates.empty()) return failure(404, "no certificate");
  boost::json::array all;
  for (const autocert::certificate_status& one : certificates) {
    all.push_back(to_object(one));
  }
  return {200, std::move(all)};
}

boost::json::object to_object(const autocert::certificate_status& one) {
  boost::json::object out;
  out["subject"] = base::valid_utf8(one.subject);
  out["issuer"] = base::valid_utf8(one.issuer);
  out["not_before"] = one.not_before;
  out["not_after"] = one.not_after;
  out["dns_names"] = array_of(one.dns_names);
  out["email_addresses"] = array_of(one.email_addresses);
  out["provider"] = one.provider;
  out["type"] = one.type;
  out["domains"] = array_of(one.domains);
  out["serial"] = one.serial;
  out["key"] = one.key;
  out["ca"] = one.ca;
  out["profile"] = one.profile;
  out["wanted_profile"] = one.wanted_profile;
  out["next_renewal"] = one.next_renewal;
  out["next_renewal_reason"] = one.next_renewal_reason;
  boost::json::value suggested;
  if (one.window_end != 0)
    suggested = {{"start", one.window_start}, {"end", one.window_end}, {"selected", one.window_selected}};
  out["ari"] = std::move(suggested);
  out["obtained_at"] = one.obtained_at;
  out["attempts"] = one.attempts;
  out["attempted_at"] = one.attempted_at;
  out["failed_at"] = one.failed_at;
  out["last_error"] = base::valid_utf8(one.last_error);
  return out;
}

std::string printed(const autocert::renewal_outcome& outcome) {
  boost::json::object body;
  body["provider"] = outcome.provider;
  body["renewed"] = outcome.renewed;
  body["detail"] = outcome.detail;
  return boost::json::serialize(body);
}

}  // namespace cardea::api
