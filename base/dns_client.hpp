#pragma once

#include "base/address.hpp"
#include "base/async.hpp"
#include "base/error.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace cardea::base {

/// Record types by their IANA numbers.
enum class dns_type : std::uint16_t { a = 1, ns = 2, cname = 5, soa = 6, txt = 16, aaaa = 28 };

struct dns_record {
  std::string name;  ///< owner, normalised
  dns_type type;
  std::string text;  ///< TXT: all strings joined; NS, CNAME: the name; SOA: the primary; A, AAAA: the address
};

struct dns_reply {
  int rcode = 0;  ///< 0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED ...
  bool authoritative = false;
  std::vector<dns_record> answers;
  std::vector<dns_record> authorities;
};

/// "NXDOMAIN", "REFUSED" ... (RFC 1035, RFC 2136); "rcode 17" for one without a name here.
[[nodiscard]] std::string dns_rcode_name(int rcode);

struct dns_timing {
  std::chrono::milliseconds try_timeout{2'000};
  int tries = 3;
};

/// Sends one DNS message and returns the reply to it (same id, operation and
/// question; RFC 5452 section 9.1): UDP, repeated when lost, then TCP when the reply is truncated or the
/// message is over 512 bytes. errc::timed_out, or the socket's error.
[[nodiscard]] awaitable<result<std::string>> dns_exchange(std::string message, address server,
                                                          dns_timing timing);

/// One question to one server, with EDNS, and once more without for a server that knows none (FORMERR,
/// NOTIMP: RFC 6891 section 7). Any rcode is a success.
[[nodiscard]] awaitable<result<dns_reply>> dns_query(std::string name, dns_type type, address server,
                                                     bool recursion, dns_timing timing = {});

/// Questions to recursive servers, tried in order until one answers.
class dns_resolver {
 public:
  /// `servers`: "IP[:port]" or "[IPv6][:port]", port 53 when none is given; empty: those
  /// of /etc/resolv.conf. errc::invalid_argument names what is not an address.
  [[nodiscard]] static result<dns_resolver> create(const std::vector<std::string>& servers);

  /// NOERROR and NXDOMAIN are successes; SERVFAIL, REFUSED and silence of all servers are errors.
  [[nodiscard]] awaitable<result<dns_reply>> query(std::string name, dns_type type) const;

  /// The zone that holds a name: from the SOA in the answer or authority
  /// section, or from a referral. A failed query is an error, never a step to
  /// the parent; errc::not_found below a top-level domain that does not exist.
  [[nodiscard]] awaitable<result<std::string>> find_zone(std::string name) const;
  /// The last name of the chain of CNAMEs that begins at `name`; errc::protocol on a loop.
  [[nodiscard]] awaitable<result<std::string>> follow_cnames(std::string name) const;
  /// All addresses of a name, with this port.
  [[nodiscard]] awaitable<result<std::vector<address>>> addresses_of(std::string name,
                                                                     std::uint16_t port) const;

  [[nodiscard]] const std::vector<address>& servers() const noexcept { return servers_; }

 private:
  std::vector<address> servers_;
};

/// "IP", "IP:port", "[IPv6]:port" or a bare IPv6, with a default port.
[[nodiscard]] result<address> parse_dns_server(const std::string& text);

}  // namespace cardea::base
