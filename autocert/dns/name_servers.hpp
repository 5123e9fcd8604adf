#pragma once

#include "base/dns_client.hpp"

#include <string>
#include <vector>

namespace cardea::autocert::dns {

/// One of a zone's authoritative servers.
struct name_server {
  std::string name;
  std::vector<base::address> addresses;  ///< one good answer is enough
};

/// Who must show a record of `zone`: the servers of its NS records, and a
/// configured resolver that holds the zone itself, whatever they say (private
/// zones, split horizon). errc::not_found when there is none.
[[nodiscard]] base::awaitable<base::result<std::vector<name_server>>> servers_of(base::dns_resolver resolver,
                                                                                 std::string zone);

/// One question, quick to give up: what a round of polling can afford.
[[nodiscard]] base::awaitable<base::result<base::dns_reply>> ask_quickly(std::string name,
                                                                         base::dns_type type,
                                                                         base::address server);

/// The TXT values of a name, where its CNAMEs end, as one of the zone's own
/// servers has them; an empty list when there are none.
[[nodiscard]] base::awaitable<base::result<std::vector<std::string>>> find_txt_values(
    base::dns_resolver resolver, std::string name);

}  // namespace cardea::autocert::dns
