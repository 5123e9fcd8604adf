#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/fetch_message.hpp"
#include "dnsproviders/provider.hpp"

#include <boost/json/value.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a DNS vendor's HTTP API is, as functions without input and output: which
/// request asks for what, and what an answer means. Who sends the requests, in
/// which order, with which retries and locks, is record_provider, rrset_provider
/// or slot_provider: the same for every vendor.
namespace cardea::dnsproviders {

using request = base::fetch_request;

/// A vendor's answer, with its body as JSON when it is that.
class answer {
 public:
  explicit answer(base::fetch_response from);

  [[nodiscard]] int status() const noexcept { return from_.status; }
  [[nodiscard]] const std::string& body() const noexcept { return from_.body; }
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept { return from_.header(name); }
  /// null when the body is not JSON.
  [[nodiscard]] const boost::json::value& json() const noexcept { return json_; }
  [[nodiscard]] const base::fetch_response& whole() const noexcept { return from_; }

 private:
  base::fetch_response from_;
  boost::json::value json_;
};

/// What became of a request.
enum class outcome {
  done,
  absent,   ///< what was asked for or is to be removed is not there
  exists,   ///< what is to be added is there already
  refused,  ///< anything else; `words` says why
};

/// A list that may come in parts. `next` is the vendor's own cursor; empty after the last part.
template <class T>
struct page {
  std::vector<T> items;
  std::string next = {};
};

/// A zone of the account. `name` as the vendor writes it: case, final dot and
/// Unicode are put right by the caller. `id` is what the vendor's paths want.
struct hosted_zone {
  std::string name;
  std::string id = {};
  std::string extra = {};  ///< what else a vendor's writes need of the zone
};

/// One TXT value in its zone.
struct txt_value {
  challenge_record record;
  hosted_zone zone;  ///< name normalised
  int ttl = 120;     ///< seconds

  [[nodiscard]] const std::string& fqdn() const noexcept { return record.fqdn; }
  [[nodiscard]] const std::string& value() const noexcept { return record.value; }
  /// The value in double quotes.
  [[nodiscard]] std::string quoted() const { return "\"" + record.value + "\""; }
  /// The name relative to the zone; `apex` when it is the zone's own.
  [[nodiscard]] std::string relative(std::string_view apex = "@") const;
};

/// Where a vendor learns which zone a name is in.
enum class zone_source {
  dns,   ///< the SOA of the name; the zone's id is its name
  list,  ///< `zones("", cursor)` lists the account's zones; the longest that holds the name
  ask,   ///< `zones(candidate, cursor)` for the name and then each parent, until one is there
  none,  ///< the vendor splits the full name itself; the zone is the name
};

class vendor {
 public:
  vendor() = default;
  vendor(const vendor&) = delete;
  vendor& operator=(const vendor&) = delete;
  virtual ~vendor() = default;

  // -- credentials

  /// A request that gets a token or session first; nothing when none is needed or the last one is still
  /// good. Asked again after each `take_login`: a login may have several steps. Changes nothing by itself.
  [[nodiscard]] virtual std::optional<request> login(base::wall_time /*now*/) { return std::nullopt; }
  [[nodiscard]] virtual base::result<void> take_login(const answer& /*from*/, base::wall_time /*now*/) {
    return {};
  }
  /// How long to wait before the next step of a login (a code that is good only once).
  [[nodiscard]] virtual std::chrono::milliseconds login_pause(base::wall_time /*now*/) const { return {}; }
  /// Whether an answer says that the token or session is not known any more.
  [[nodiscard]] virtual bool is_logged_out(const answer& from) const { return from.status() == 401; }
  /// After such an answer, or a step of a login that failed: what was learnt by `login` is worth nothing.
  virtual void forget_login() {}
  /// Puts the credentials on a request: its last change before it is sent, for each try anew.
  virtual void authorize(request& /*to*/, base::wall_time /*now*/) const {}

  /// Base addresses besides api_url that requests with an absolute url may go to
  /// (a token service): from the options or constants, never from an answer.
  [[nodiscard]] virtual std::vector<std::string> other_services() const { return {}; }

  // -- answers

  /// By default: 2xx is done, 404 absent, all else refused.
  [[nodiscard]] virtual outcome judge(const answer& from) const;
  /// Whether the vendor did nothing and wants to be asked again later, and says so
  /// in its own way (429 and, where it is safe, 5xx are known to everybody).
  [[nodiscard]] virtual bool is_busy(const answer& /*from*/) const { return false; }
  /// The vendor's own words about a refusal; by default the texts of the usual JSON members, else the body.
  [[nodiscard]] virtual std::string words(const answer& from) const;

  // -- zones

  [[nodiscard]] virtual zone_source zones_from() const { return zone_source::dns; }
  [[nodiscard]] virtual request zones(const std::string& candidate, const std::string& cursor) const;
  [[nodiscard]] virtual base::result<page<hosted_zone>> read_zones(const answer& from,
                                                                   const std::string& candidate) const;

  // -- after a write

  /// What makes a write take effect (publish, refresh), or looks whether it did:
  /// asked with the write's answer and null, then with each further answer,
  /// until nothing is left to ask. A pause lies before each further request.
  [[nodiscard]] virtual std::optional<request> settle(const hosted_zone& /*zone*/, const answer& /*written*/,
                                                      const answer* /*last*/) const {
    return std::nullopt;
  }
  /// True when a record that is listed may not be in effect, because `settle`
  /// failed after it was written: it is then asked without any write's answer.
  [[nodiscard]] virtual bool settles_again() const { return false; }
};

/// A record as a vendor lists it.
struct found_record {
  std::string id;
  std::string value;  ///< outer quotes are removed by the caller
};

/// A vendor with single records: a write adds one, a removal takes one.
class record_vendor : public vendor {
 public:
  /// False: nothing to list; records are removed by their value (`remove` with an empty id).
  [[nodiscard]] virtual bool has_list() const { return true; }
  /// The TXT records at the name (more may come: only those equal to the value count).
  [[nodiscard]] virtual request list(const txt_value& txt, const std::string& cursor) const;
  [[nodiscard]] virtual base::result<page<found_record>> read_list(const answer& from,
                                                                   const txt_value& txt) const;
  /// The id of our record where the vendor told it when it was written: it is then not looked for at
  /// clean-up (credentials may have no right to read).
  [[nodiscard]] virtual std::optional<std::string> known_id(const txt_value& /*txt*/) const {
    return std::nullopt;
  }
  [[nodiscard]] virtual request add(const txt_value& txt) const = 0;
  [[nodiscard]] virtual request remove(const txt_value& txt, const std::string& id) const = 0;
};

/// All TXT values at one name, as a vendor gives them.
struct rrset {
  std::vector<std::string> values;  ///< outer quotes are removed by the caller
  std::optional<int> ttl = {};      ///< of the set, when it is there: foreign values keep it
  std::string raw = {};             ///< what else the vendor needs to write it back
};

/// A vendor whose writes replace all values at a name (or the whole zone): read, merge, write.
class rrset_vendor : public vendor {
 public:
  [[nodiscard]] virtual request read(const txt_value& txt) const = 0;
  [[nodiscard]] virtual base::result<rrset> read_set(const answer& from, const txt_value& txt) const = 0;
  /// `values` without quotes, all that shall be there; none: the set goes. `old` as it was read (no values:
  /// there was none).
  [[nodiscard]] virtual request write(const txt_value& txt, const rrset& old,
                                      const std::vector<std::string>& values) const = 0;
};

/// A vendor with room for one value (or one that keeps sets by itself): set and clear.
class slot_vendor : public vendor {
 public:
  [[nodiscard]] zone_source zones_from() const override { return zone_source::none; }
  /// What must be known before `set` (an account of the name): asked until nothing is left to ask, and each
  /// answer that is not a refusal given to `take_prepared`. One at a time for each certificate's name.
  [[nodiscard]] virtual base::result<std::optional<request>> prepare(const txt_value& /*txt*/) {
    return std::optional<request>();
  }
  [[nodiscard]] virtual base::result<void> take_prepared(const txt_value& /*txt*/, const answer& /*from*/) {
    return {};
  }
  [[nodiscard]] virtual base::result<request> set(const txt_value& txt) const = 0;
  [[nodiscard]] virtual base::result<request> clear(const txt_value& txt) const = 0;
  /// False: values go by themselves; nothing is asked for at clean-up.
  [[nodiscard]] virtual bool has_clear() const { return true; }
  /// True when a second value at a name replaces the first.
  [[nodiscard]] virtual bool replaces() const { return true; }
};

}  // namespace cardea::dnsproviders
