#pragma once

#include "proxy/error_pages/pages.hpp"
#include "proxy/http/passing_exchange.hpp"

#include <string>
#include <string_view>

namespace cardea::proxy::error_pages {

/// Another exchange, whatever its protocol, whose answers get a page instead of their content when they tell of an error.
/// Allocates nothing for those that do not. REQUIRES: the other one and the pages outlive it.
class replacing_exchange final : public http::passing_exchange {
 public:
  /// Answers that begin with a backend's head are `of_backends` or left alone.
  replacing_exchange(http::exchange& real, const config::error_page_files& pages, bool of_backends) noexcept;

  bool send_head(const http::response_start& start) noexcept override;
  std::size_t write_body(std::string_view data) noexcept override;
  void end_body(std::string_view trailers) noexcept override;
  net::io flush() noexcept override;

 private:
  [[nodiscard]] const std::string* page_for(const http::response_start& start) const noexcept;
  [[nodiscard]] bool send_page(const http::response_start& start, const std::string& page);
  void push() noexcept;

  const config::error_page_files& pages_;
  const bool of_backends_;
  bool replaces_ = false;
  bool ended_ = false;       ///< whoever answers has said all
  bool end_told_ = false;    ///< and so have we
  std::string_view rest_;    ///< of the page
};

}  // namespace cardea::proxy::error_pages
