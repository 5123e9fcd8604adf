#include "base/dns_client.hpp"

#include "base/dns_name.hpp"
#include "base/text.hpp"

#include <ldns/ldns.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>

namespace cardea::base {
namespace {

constexpr std::size_t header_bytes = 12;
constexpr std::size_t udp_plain_max = 512;
constexpr std::size_t udp_reply_max = 4096;
constexpr std::uint16_t dns_port = 53;
constexpr int cname_steps_max = 16;
constexpr int zone_steps_max = 16;
constexpr int rcode_formerr = 1;
constexpr int rcode_notimp = 4;

struct packet_deleter {
  void operator()(ldns_pkt* value) const noexcept { ldns_pkt_free(value); }
};
using packet_ptr = std::unique_ptr<ldns_pkt, packet_deleter>;

struct text_deleter {
  void operator()(char* value) const noexcept { free(value); }
};

template <class Protocol>
typename Protocol::endpoint endpoint_of(const address& server) {
  typename Protocol::endpoint out;
  std::memcpy(out.data(), server.data(), server.size());
  out.resize(server.size());
  return out;
}

// The end of the first entry of the question section (in an UPDATE: of the zone section); 0 when it is cut.
std::size_t end_of_question(std::string_view message) {
  std::size_t at = header_bytes;
  while (at < message.size() && message[at] != '\0') at += static_cast<unsigned char>(message[at]) + 1U;
  return at + 5 <= message.size() ? at + 5 : 0;
}

// Same id, operation and question, or no question, as some errors have it (RFC 5452 section 9.1).
bool answers_to(const std::string& reply, const std::string& message) {
  if (reply.size() < header_bytes || reply.compare(0, 2, message, 0, 2) != 0) return false;
  const auto flags = static_cast<unsigned char>(reply[2]);
  if ((flags & 0x80U) == 0 || ((flags ^ static_cast<unsigned char>(message[2])) & 0x78U) != 0) return false;
  if (reply.compare(4, 2, "\0\0", 2) == 0) return true;
  if (reply.compare(4, 2, message, 4, 2) != 0) return false;
  // Lengths of labels are below 'A', so that the whole can be compared without case.
  const std::string_view asked = std::string_view(message).substr(0, end_of_question(message));
  const std::string_view echoed = std::string_view(reply).substr(0, asked.size());
  return asked.size() > header_bytes &&
         equal_ignoring_case(echoed.substr(header_bytes), asked.substr(header_bytes));
}

bool is_truncated(const std::string& reply) { return (static_cast<unsigned char>(reply[2]) & 0x02U) != 0; }

error failure_of(error_code code, bool expired) {
  return expired ? error(errc::timed_out, "the name server did not answer") : error(code, code.message());
}

// Cancels the socket's operations when the time is over; says so afterwards.
template <class Socket>
class time_limit {
 public:
  time_limit(Socket& socket, std::chrono::milliseconds duration)
      : timer_(socket.get_executor(), duration), watch_(std::make_shared<watch>(watch{&socket})) {
    // When the answer and the deadline come together, the handler may still run after both are gone.
    timer_.async_wait([watched = watch_](error_code failure) {
      if (failure || watched->socket == nullptr) return;
      watched->expired = true;
      error_code ignored;
      watched->socket->cancel(ignored);
    });
  }
  time_limit(const time_limit&) = delete;
  time_limit& operator=(const time_limit&) = delete;
  ~time_limit() { watch_->socket = nullptr; }
  [[nodiscard]] bool expired() const noexcept { return watch_->expired; }

 private:
  struct watch {
    Socket* socket;  ///< null when nobody waits any more
    bool expired = false;
  };
  steady_timer timer_;
  std::shared_ptr<watch> watch_;
};

awaitable<result<std::string>> exchange_udp(std::string message, address server,
                                            std::chrono::milliseconds timeout) {
  const executor where = co_await asio::this_coro::executor;
  udp_socket socket(where);
  error_code failure;
  const auto to = endpoint_of<asio::ip::udp>(server);
  socket.open(to.protocol(), failure);
  // Connected: the kernel drops strangers' datagrams and reports a refused port.
  if (!failure) socket.connect(to, failure);
  if (failure) co_return error(failure, failure.message());
  const auto limit = std::make_unique<time_limit<udp_socket>>(socket, timeout);
  const auto out = asio::buffer(message);
  auto [send_failure, sent] = co_await socket.async_send(out, as_result);
  if (send_failure) co_return failure_of(send_failure, limit->expired());
  std::string reply;
  while (true) {
    reply.resize(udp_reply_max);
    const auto in = asio::buffer(reply);
    auto [receive_failure, received] = co_await socket.async_receive(in, as_result);
    if (receive_failure) co_return failure_of(receive_failure, limit->expired());
    reply.resize(received);
    if (answers_to(reply, message)) break;  // anything else is late or forged
  }
  co_return reply;
}

awaitable<result<std::string>> exchange_tcp(std::string message, address server,
                                            std::chrono::milliseconds timeout) {
  const executor where = co_await asio::this_coro::executor;
  tcp_socket socket(where);
  const auto limit = std::make_unique<time_limit<tcp_socket>>(socket, timeout);
  const auto to = endpoint_of<asio::ip::tcp>(server);
  auto [connect_failure] = co_await socket.async_connect(to, as_result);
  if (connect_failure) co_return failure_of(connect_failure, limit->expired());
  std::string framed{static_cast<char>(message.size() >> 8U), static_cast<char>(message.size() & 255U)};
  framed += message;
  const auto out = asio::buffer(framed);
  auto [write_failure, written] = co_await asio::async_write(socket, out, as_result);
  if (write_failure) co_return failure_of(write_failure, limit->expired());
  std::array<unsigned char, 2> length{};
  const auto head = asio::buffer(length);
  auto [head_failure, head_size] = co_await asio::async_read(socket, head, as_result);
  if (head_failure) co_return failure_of(head_failure, limit->expired());
  std::string reply(static_cast<std::size_t>(length[0]) * 256U + length[1], '\0');
  const auto in = asio::buffer(reply);
  auto [read_failure, read_size] = co_await asio::async_read(socket, in, as_result);
  if (read_failure) co_return failure_of(read_failure, limit->expired());
  if (!answers_to(reply, message)) co_return error(errc::protocol, "the name server answered something else");
  co_return reply;
}

std::string name_text(const ldns_rdf* name) {
  const std::unique_ptr<char, text_deleter> text(ldns_rdf2str(name));
  return text ? normalise_dns_name(text.get()) : std::string();
}

// The character strings of a TXT record, joined (RFC 1035 section 3.3.14).
std::string txt_text(const ldns_rr* record) {
  std::string out;
  for (std::size_t i = 0; i < ldns_rr_rd_count(record); ++i) {
    const ldns_rdf* part = ldns_rr_rdf(record, i);
    if (ldns_rdf_size(part) > 1)
      out.append(reinterpret_cast<const char*>(ldns_rdf_data(part)) + 1, ldns_rdf_size(part) - 1);
  }
  return out;
}

std::vector<dns_record> records_of(const ldns_rr_list* list) {
  std::vector<dns_record> out;
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
    const ldns_rr* each = ldns_rr_list_rr(list, i);
    if (ldns_rr_rd_count(each) == 0) continue;
    dns_record next{name_text(ldns_rr_owner(each)), static_cast<dns_type>(ldns_rr_get_type(each)), {}};
    switch (next.type) {
      case dns_type::txt:
        next.text = txt_text(each);
        break;
      case dns_type::a:
      case dns_type::aaaa:
      case dns_type::ns:
      case dns_type::cname:
      case dns_type::soa:
        next.text = name_text(ldns_rr_rdf(each, 0));
        break;
      default:
        continue;
    }
    out.push_back(std::move(next));
  }
  return out;
}

result<std::string> make_query(const std::string& name, dns_type type, bool recursion, bool with_edns) {
  ldns_rdf* owner = ldns_dname_new_frm_str(name.c_str());
  if (owner == nullptr) return error(errc::invalid_argument, "'" + name + "' is not a DNS name");
  const packet_ptr packet(ldns_pkt_query_new(owner, static_cast<ldns_rr_type>(type), LDNS_RR_CLASS_IN,
                                             recursion ? std::uint16_t{LDNS_RD} : std::uint16_t{0}));
  ldns_pkt_set_random_id(packet.get());
  if (with_edns) ldns_pkt_set_edns_udp_size(packet.get(), 1232);
  std::uint8_t* wire = nullptr;
  std::size_t size = 0;
  if (ldns_pkt2wire(&wire, packet.get(), &size) != LDNS_STATUS_OK)
    return error(errc::protocol, "cannot make a query");
  std::string out(reinterpret_cast<char*>(wire), size);
  free(wire);
  return out;
}

bool has(const std::vector<dns_record>& records, dns_type type) {
  return std::any_of(records.begin(), records.end(),
                     [&](const dns_record& each) { return each.type == type; });
}

// The zone that an answer to a question for the SOA of `name` tells, if it does.
std::optional<std::string> zone_in(const dns_reply& reply, const std::string& name) {
  // What follows a CNAME is about its target.
  if (has(reply.answers, dns_type::cname)) return std::nullopt;
  for (const auto* section : {&reply.answers, &reply.authorities})
    for (const dns_record& each : *section)
      if (each.type == dns_type::soa && is_in_zone(name, each.name)) return each.name;
  // A server without recursion that is authoritative above the zone refers to the zone's own servers.
  for (const dns_record& each : reply.authorities)
    if (each.type == dns_type::ns && !reply.authoritative && !each.name.empty() &&
        is_in_zone(name, each.name))
      return each.name;
  return std::nullopt;
}

awaitable<result<dns_reply>> ask(std::string name, dns_type type, address server, bool recursion,
                                 bool with_edns, dns_timing timing) {
  auto message = make_query(name, type, recursion, with_edns);
  if (!message) co_return message.error();
  const auto wire = co_await dns_exchange(std::move(*message), server, timing);
  if (!wire) co_return wire.error();
  ldns_pkt* raw = nullptr;
  if (ldns_wire2pkt(&raw, reinterpret_cast<const std::uint8_t*>(wire->data()), wire->size()) !=
      LDNS_STATUS_OK)
    co_return error(errc::protocol, server.to_string() + ": a malformed DNS answer");
  const packet_ptr packet(raw);
  dns_reply out;
  out.rcode = static_cast<int>(ldns_pkt_get_rcode(raw));
  out.authoritative = ldns_pkt_aa(raw);
  out.answers = records_of(ldns_pkt_answer(raw));
  out.authorities = records_of(ldns_pkt_authority(raw));
  co_return out;
}

}  // namespace

std::string dns_rcode_name(int rcode) {
  constexpr std::array<std::string_view, 11> names{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                                   "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                                   "NXRRSET", "NOTAUTH", "NOTZONE"};
  const auto at = static_cast<std::size_t>(rcode);
  return at < names.size() ? std::string(names[at]) : "rcode " + std::to_string(rcode);
}

awaitable<result<std::string>> dns_exchange(std::string message, address server, dns_timing timing) {
  result<std::string> last = error(errc::timed_out, "the name server did not answer");
  if (message.size() <= udp_plain_max) {
    for (int attempt = 0; attempt < timing.tries; ++attempt) {
      last = co_await exchange_udp(message, server, timing.try_timeout);
      if (last || last.error().code != errc::timed_out) break;
    }
    if (!last || !is_truncated(*last)) {
      if (!last) co_return last.error().at(server.to_string());
      co_return last;
    }
  }
  last = co_await exchange_tcp(message, server, timing.try_timeout * timing.tries);
  if (!last) co_return last.error().at(server.to_string());
  co_return last;
}

awaitable<result<dns_reply>> dns_query(std::string name, dns_type type, address server, bool recursion,
                                       dns_timing timing) {
  auto reply = co_await ask(name, type, server, recursion, true, timing);
  const bool is_refused = reply && (reply->rcode == rcode_formerr || reply->rcode == rcode_notimp);
  if (is_refused) reply = co_await ask(name, type, server, recursion, false, timing);
  co_return reply;
}

result<address> parse_dns_server(const std::string& text) {
  if (const auto bare = address::from_parts(text, dns_port)) return bare;
  if (text.size() > 2 && text.front() == '[' && text.back() == ']')
    return address::from_parts(text.substr(1, text.size() - 2), dns_port);
  auto parsed = address::parse(text);
  if (!parsed || text.front() == ':')
    return error(errc::invalid_argument,
                 "'" + text + "' is not a name server: expected IP, IP:PORT or [IPv6]:PORT");
  return parsed;
}

result<dns_resolver> dns_resolver::create(const std::vector<std::string>& servers) {
  dns_resolver out;
  for (const std::string& text : servers) {
    const auto parsed = parse_dns_server(text);
    if (!parsed) return parsed.error();
    out.servers_.push_back(*parsed);
  }
  if (!out.servers_.empty()) return out;
  std::ifstream file("/etc/resolv.conf");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key;
    std::string value;
    if (!(words >> key >> value) || key != "nameserver") continue;
    if (const auto parsed = parse_dns_server(value)) out.servers_.push_back(*parsed);
  }
  if (out.servers_.empty()) out.servers_.push_back(*address::from_parts("127.0.0.1", dns_port));
  return out;
}

awaitable<result<dns_reply>> dns_resolver::query(std::string name, dns_type type) const {
  error last(errc::not_found, "no name server is configured");
  for (const address& server : servers_) {
    auto reply = co_await dns_query(name, type, server, true);
    if (!reply) {
      last = reply.error();
      continue;
    }
    if (reply->rcode == 0 || reply->rcode == 3) co_return reply;
    last = error(errc::protocol,
                 server.to_string() + " answered " + dns_rcode_name(reply->rcode) + " for " + name);
  }
  co_return last;
}

awaitable<result<std::string>> dns_resolver::find_zone(std::string name) const {
  std::string candidate = normalise_dns_name(name);
  for (int step = 0; step < zone_steps_max && !candidate.empty(); ++step) {
    const auto reply = co_await query(candidate, dns_type::soa);
    if (!reply) co_return reply.error().at("zone of " + name);
    const auto zone = zone_in(*reply, candidate);
    // The root answers for a top-level domain that does not exist.
    if (zone && zone->empty()) break;
    if (zone) co_return *zone;
    candidate = std::string(parent_name(candidate));
  }
  co_return error(errc::not_found, "no zone found for " + name);
}

awaitable<result<std::string>> dns_resolver::follow_cnames(std::string name) const {
  std::string current = normalise_dns_name(name);
  for (int step = 0; step < cname_steps_max; ++step) {
    const auto reply = co_await query(current, dns_type::cname);
    if (!reply) co_return reply.error();
    std::string next;
    for (const dns_record& each : reply->answers)
      if (each.type == dns_type::cname && each.name == current) next = each.text;
    if (next.empty()) co_return current;
    current = std::move(next);
  }
  co_return error(errc::protocol, "the CNAMEs of " + name + " do not end");
}

awaitable<result<std::vector<address>>> dns_resolver::addresses_of(std::string name,
                                                                   std::uint16_t port) const {
  std::vector<address> out;
  for (const dns_type type : {dns_type::a, dns_type::aaaa}) {
    const auto reply = co_await query(name, type);
    if (!reply) co_return reply.error();
    for (const dns_record& each : reply->answers) {
      if (each.type != type) continue;
      if (const auto parsed = address::from_parts(each.text, port)) out.push_back(*parsed);
    }
  }
  co_return out;
}

}  // namespace cardea::base
