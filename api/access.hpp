#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Who may ask: a page in a browser must not reach the API in its user's name (T17).
namespace cardea::api {

/// What a request says about where it comes from; an absent field is nothing, not "".
struct request_source {
  std::optional<std::string_view> host = std::nullopt;
  std::optional<std::string_view> origin = std::nullopt;
  std::optional<std::string_view> fetch_mode = std::nullopt;  ///< Sec-Fetch-Mode
  std::optional<std::string_view> fetch_site = std::nullopt;  ///< Sec-Fetch-Site
};

/// Why a request is refused, as the answer's status and sentence.
struct refusal {
  unsigned status = 403;
  std::string message;
};

class access_rules {
 public:
  /// `listen_host`: the host part of `api.addr`, may be empty.
  explicit access_rules(std::string_view listen_host);

  /// Nothing when the request may be answered. `local_address` is the address
  /// that the client connected to.
  ///
  /// Host must be a loopback name or address, the configured listen host, or
  /// `local_address`: a foreign name that resolves to this machine is DNS
  /// rebinding. Origin, when there is one, must be this host. Requests that a
  /// browser marks as cross-site or as no-cors are refused.
  [[nodiscard]] std::optional<refusal> refuse(const request_source& source,
                                              std::string_view local_address) const;

 private:
  [[nodiscard]] bool is_own_host(std::string_view name, std::string_view local_address) const;

  std::string listen_host_;
};

}  // namespace cardea::api
