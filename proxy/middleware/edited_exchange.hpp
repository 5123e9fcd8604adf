#pragma once

#include "proxy/http/passing_exchange.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cardea::proxy::middleware {

class edited_exchange;
struct route_facts;

/// A response's head on its way to the client: the backend's fields, or our own, and what is added to them.
class response_edit {
 public:
  /// Keeps views of what `start` refers to until `start()` has been used.
  void begin(const http::response_start& start);
  [[nodiscard]] std::uint16_t status() const noexcept { return start_.status; }
  [[nodiscard]] std::string_view field(std::string_view name) const noexcept;
  void remove(std::string_view name);
  void add(std::string_view name, std::string_view value);
  [[nodiscard]] http::response_start finish() noexcept;
  void shrink() noexcept;

 private:
  http::response_start start_;
  http::response_head relayed_;
  std::string lines_;
};

/// What changes responses on their way to the client. Immutable, shared by the workers.
class response_editor {
 public:
  virtual ~response_editor() = default;
  [[nodiscard]] virtual bool edits_responses() const noexcept = 0;
  virtual void on_response(response_edit& response, const edited_exchange& request, const route_facts& facts) const = 0;
};

/// An exchange as the next one is to see it: with another path, host, client or other fields than the client sent,
/// and with the response's fields changed on the way back. Everything else is the original's.
///
/// Reused from request to request, so that a warm one allocates nothing. Worker's thread only.
class edited_exchange final : public http::passing_exchange {
 public:
  static constexpr std::size_t chains_max = 3;

  /// REQUIRES: `of` outlives `end`.
  void begin(http::exchange& of);
  /// Forgets the exchange; what it took much memory for is given back.
  void end() noexcept;

  [[nodiscard]] const http::exchange& original() const noexcept { return inner(); }
  /// Without the query; `*` for OPTIONS, empty when the target had none.
  [[nodiscard]] std::string_view path() const noexcept;
  /// From its `?` on, or empty.
  [[nodiscard]] std::string_view query() const noexcept;
  /// The first of that name, edits included; empty without one.
  [[nodiscard]] std::string_view field(std::string_view name) const noexcept;

  /// The query stays. REQUIRES: not a view of this exchange.
  void set_path(std::string_view path);
  /// False when it is no authority. REQUIRES: as above.
  [[nodiscard]] bool set_host(std::string_view host);
  /// Nothing of the framing and of the connection: the configuration refuses that.
  void remove_field(std::string_view name);
  void add_field(std::string_view name, std::string_view value);
  void remove_forwarded();
  /// On whose behalf the peer speaks; for X-Forwarded-For, balancing and all that follows.
  void set_client(std::string_view address);
  /// These change the response, the last one first.
  void answer_through(const response_editor& edits, const route_facts& facts) noexcept;

  /// For texts that are made on the way. Kept until the next one.
  [[nodiscard]] std::string& scratch() noexcept { return scratch_; }
  /// For the path in the form that rules see; kept until `end`.
  [[nodiscard]] std::string& normal_path() noexcept { return normal_path_; }

  const http::request_head& head() const noexcept override { return head_; }
  const char* bytes() const noexcept override { return text_.data(); }
  const http::client_info& client() const noexcept override { return client_; }
  std::string_view forwarded_host() const noexcept override;
  bool send_head(const http::response_start& start) noexcept override;

 private:
  struct link {
    const response_editor* edits = nullptr;
    const route_facts* facts = nullptr;
  };

  [[nodiscard]] http::slice append(std::string_view text);

  std::string text_;  ///< the head as it was received, and behind it what replaces parts of it
  http::request_head head_;
  http::client_info client_;  ///< its `forwarded_fields` are all fields that we add
  bool hides_forwarded_ = false;
  std::string forwarded_host_;  ///< instead of the Host that the client sent; empty: that
  std::string scratch_;
  std::string normal_path_;
  std::array<link, chains_max> links_{};
  std::size_t link_count_ = 0;
  response_edit response_;
};

}  // namespace cardea::proxy::middleware
