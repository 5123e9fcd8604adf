#include "api/cert.hpp"

#include "api/services.hpp"
#include "autocert/status.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace cardea::api {
namespace {

boost::json::array array_of(const std::vector<std::string>& texts) {
  boost::json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

}  // namespace

answer cert_info(const services& from) {
  const auto certificates = from.certificates.certificates();
  if (certificates.empty()) return failure(404, "no certificate");
  boost::json::array all;
  for (const autocert::certificate_status& one : certificates) {
    boost::json::object entry;
    entry["subject"] = one.subject;
    entry["issuer"] = one.issuer;
    entry["not_before"] = one.not_before;
    entry["not_after"] = one.not_after;
    entry["dns_names"] = array_of(one.dns_names);
    entry["email_addresses"] = array_of(one.email_addresses);
    entry["provider"] = one.provider;
    entry["next_renewal"] = one.next_renewal;
    entry["last_error"] = one.last_error;
    all.push_back(std::move(entry));
  }
  return {200, std::move(all)};
}

std::string printed(const autocert::renewal_outcome& outcome) {
  boost::json::object body;
  body["provider"] = outcome.provider;
  body["renewed"] = outcome.renewed;
  body["detail"] = outcome.detail;
  return boost::json::serialize(body);
}

}  // namespace cardea::api
