#include "api/metrics.hpp"

#include "api/services.hpp"
#include "autocert/status.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

#include <array>
#include <initializer_list>
#include <string>
#include <utility>

namespace cardea::api {
namespace {

using autocert::certificate_status;

struct label {
  std::string_view name;
  std::string_view value;
};

// Backslash, quote and line feed are escaped; what is not UTF-8 is replaced.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : base::valid_utf8(text)) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out + '"';
}

// One metric: its head, then a line for each sample.
class family {
 public:
  family(std::string& to, std::string_view name, std::string_view type, std::string_view help)
      : to_(to), name_(name), type_(type), help_(help) {}

  void add(std::initializer_list<label> labels, const std::string& value) {
    if (!std::exchange(has_head_, true))
      to_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name_, help_, type_);
    std::string text;
    for (const label& each : labels) text += fmt::format("{}{}={}", text.empty() ? "" : ",", each.name, quoted(each.value));
    to_ += fmt::format("{}{} {}\n", name_, text.empty() ? text : "{" + text + "}", value);
  }

 private:
  std::string& to_;
  std::string_view name_;
  std::string_view type_;
  std::string_view help_;
  bool has_head_ = false;
};

// A number of each certificate; 0 stands for what there is not, and is left out.
struct series {
  std::string_view name;
  std::string_view help;
  std::int64_t certificate_status::*value;
};
constexpr std::array dates{
    series{"not_before_timestamp_seconds", "When it begins to be valid.", &certificate_status::not_before},
    series{"not_after_timestamp_seconds", "When it ends to be valid.", &certificate_status::not_after},
    series{"next_renewal_timestamp_seconds", "When it is renewed next.", &certificate_status::next_renewal},
    series{"ari_window_start_timestamp_seconds", "From when on the CA wants it renewed (RFC 9773).",
           &certificate_status::window_start},
    series{"ari_window_end_timestamp_seconds", "Until when the CA wants it renewed (RFC 9773).",
           &certificate_status::window_end},
    series{"ari_selected_timestamp_seconds", "The time in the CA's window that was chosen (RFC 9773).",
           &certificate_status::window_selected},
    series{"last_success_timestamp_seconds", "When it was obtained.", &certificate_status::obtained_at},
    series{"last_attempt_timestamp_seconds", "When the last attempt to obtain it began.",
           &certificate_status::attempted_at},
    series{"last_failure_timestamp_seconds", "When the last attempt since then failed.",
           &certificate_status::failed_at},
};

std::string lifetime_left(const certificate_status& of, base::wall_time now) {
  const std::chrono::duration<double> since_epoch = now.time_since_epoch();
  const auto lives = static_cast<double>(of.not_after - of.not_before + 1);
  const double left = static_cast<double>(of.not_after + 1) - since_epoch.count();
  return lives <= 0 ? "0" : fmt::format("{:.6f}", std::max(0.0, std::min(1.0, left / lives)));
}

void add_certificates(std::string& to, const std::vector<certificate_status>& all, base::wall_time now) {
  const auto named = [](std::string_view name) { return "cardea_certificate_" + std::string(name); };
  const std::string info_name = named("info");
  family info(to, info_name, "gauge", "What there is to say of it in words.");
  for (const certificate_status& each : all)
    info.add({{"certificate", each.provider},
              {"subject", each.subject},
              {"issuer", each.issuer},
              {"ca", each.ca},
              {"profile", each.profile},
              {"wanted_profile", each.wanted_profile},
              {"key", each.key},
              {"type", each.type},
              {"serial", each.serial}},
             "1");
  for (const series& one : dates) {
    const std::string name = named(one.name);
    family dated(to, name, "gauge", one.help);
    for (const certificate_status& each : all)
      if (each.*one.value != 0) dated.add({{"certificate", each.provider}}, fmt::to_string(each.*one.value));
  }
  const std::string left_name = named("lifetime_left_ratio");
  family left(to, left_name, "gauge", "How much of its life is left, 0 when it ended or is not there.");
  for (const certificate_status& each : all)
    left.add({{"certificate", each.provider}}, each.not_after == 0 ? "0" : lifetime_left(each, now));
  const std::string attempts_name = named("attempts");
  family attempts(to, attempts_name, "gauge", "Attempts to obtain it since the last success.");
  for (const certificate_status& each : all)
    attempts.add({{"certificate", each.provider}}, fmt::to_string(each.attempts));
  const std::string error_name = named("last_attempt_failed");
  family error(to, error_name, "gauge", "1 when something is wrong with it: the API and the log say what.");
  for (const certificate_status& each : all)
    error.add({{"certificate", each.provider}}, each.last_error.empty() ? "0" : "1");
}

void add_traffic(std::string& to, const proxy::proxy_status& now) {
  family(to, "cardea_connections_open", "gauge", "Connections of clients that are open.")
      .add({}, fmt::to_string(now.connections_open));
  family(to, "cardea_connections_total", "counter", "Connections of clients that were accepted.")
      .add({}, fmt::to_string(now.connections_total));
  family(to, "cardea_connections_refused_total", "counter", "Connections of clients that were turned away.")
      .add({}, fmt::to_string(now.connections_refused));
  family(to, "cardea_requests_total", "counter", "Requests that were answered.")
      .add({}, fmt::to_string(now.requests_total));
  family(to, "cardea_handshakes_failed_total", "counter", "TLS handshakes that did not succeed.")
      .add({}, fmt::to_string(now.handshakes_failed));
  family(to, "cardea_access_log_lines_total", "counter", "Lines of access logs that were handed on to be written.")
      .add({}, fmt::to_string(now.access_log_lines));
  family(to, "cardea_access_log_dropped_total", "counter", "Lines of access logs that were dropped for want of room.")
      .add({}, fmt::to_string(now.access_log_dropped));
}

}  // namespace

answer metrics(const services& from) {
  answer out;
  out.text.emplace();
  family(*out.text, "cardea_build_info", "gauge", "The release that runs.").add({{"version", from.version}}, "1");
  if (from.traffic) add_traffic(*out.text, from.traffic());
  add_certificates(*out.text, from.certificates.states(), from.clock());
  return out;
}

}  // namespace cardea::api
