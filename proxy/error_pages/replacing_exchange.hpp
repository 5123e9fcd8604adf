#pragma once

#include "proxy/error_pages/pages.hpp"
#include "proxy/http/exchange.hpp"

#include <string>
#include <string_view>

namespace cardea::proxy::error_pages {

/// Another exchange, whatever its protocol, whose answers get a page instead of their content when they tell of an error.
/// Allocates nothing for those that do not. REQUIRES: the other one and the pages outlive it.
class replacing_exchange final : public http::exchange {
 public:
  /// Answers that begin with a backend's head are `of_backends` or left alone.
  replacing_exchange(http::exchange& real, const config::error_page_files& pages, bool of_backends) noexcept;

  const http::request_head& head() const noexcept override { return real_.head(); }
  const char* bytes() const noexcept override { return real_.bytes(); }
  const http::client_info& client() const noexcept override { return real_.client(); }
  net::waiter& waiter() noexcept override { return real_.waiter(); }
  http::body_view read_body() noexcept override { return real_.read_body(); }
  void consume_body(std::size_t bytes) noexcept override { real_.consume_body(bytes); }
  std::uint16_t body_rejection() const noexcept override { return real_.body_rejection(); }
  const std::string& request_trailers() const noexcept override { return real_.request_trailers(); }
  void send_interim(const http::response_head& head, const char* bytes) noexcept override {
    real_.send_interim(head, bytes);
  }
  void send_continue() noexcept override { real_.send_continue(); }
  bool takes_head() noexcept override { return real_.takes_head(); }
  bool send_head(const http::response_start& start) noexcept override;
  std::size_t write_body(std::string_view data) noexcept override;
  void end_body(std::string_view trailers) noexcept override;
  net::io flush() noexcept override;
  bool head_sent() const noexcept override { return real_.head_sent(); }
  bool client_gone() const noexcept override { return real_.client_gone(); }
  void close_after() noexcept override { real_.close_after(); }
  void abort() noexcept override { real_.abort(); }

 private:
  [[nodiscard]] const std::string* page_for(const http::response_start& start) const noexcept;
  [[nodiscard]] bool send_page(const http::response_start& start, const std::string& page);
  void push() noexcept;

  http::exchange& real_;
  const config::error_page_files& pages_;
  const bool of_backends_;
  bool replaces_ = false;
  bool ended_ = false;       ///< whoever answers has said all
  bool end_told_ = false;    ///< and so have we
  std::string_view rest_;    ///< of the page
};

}  // namespace cardea::proxy::error_pages
