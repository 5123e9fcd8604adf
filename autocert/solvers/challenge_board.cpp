#include "autocert/solvers/challenge_board.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace cardea::autocert::solvers {
namespace {

struct acknowledgement {
  explicit acknowledgement(const base::executor& where, std::chrono::seconds patience)
      : timer(where, patience) {}
  base::steady_timer timer;
  bool is_here = false;
};

}  // namespace

challenge_board::posting::posting(posting&& other) noexcept
    : board_(std::exchange(other.board_, nullptr)), id_(other.id_) {}

challenge_board::posting& challenge_board::posting::operator=(posting&& other) noexcept {
  if (this == &other) return *this;
  take_back();
  board_ = std::exchange(other.board_, nullptr);
  id_ = other.id_;
  return *this;
}

void challenge_board::posting::take_back() noexcept {
  if (auto* const board = std::exchange(board_, nullptr)) board->remove(id_);
}

base::awaitable<base::result<void>> challenge_board::put(std::vector<http01> http,
                                                         std::vector<tls_alpn01> tls, posting& kept) {
  if (!publish_)
    co_return base::error(base::errc::invalid_argument,
                          "only a running server answers http-01 and tls-alpn-01; use a dns challenge here");
  if (!publish_) co_return base::error(base::errc::invalid_argument, "there are no listeners to answer the CA");
  const std::uint64_t id = ++last_id_;
  entries_.emplace(id, entry{std::move(http), std::move(tls)});
  kept = posting(*this, id);
  const base::executor where = co_await base::asio::this_coro::executor;
  const auto heard = std::make_shared<acknowledgement>(where, patience_of_listeners);
  publish_(snapshot(), [where, heard] {
    base::asio::post(where, [heard] {
      heard->is_here = true;
      heard->timer.cancel();
    });
  });
  co_await heard->timer.async_wait(base::as_result);
  if (heard->is_here) co_return base::result<void>();
  const auto cancellation = co_await base::asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != base::asio::cancellation_type::none)
    co_return base::error(base::errc::cancelled, "withdrawn");
  co_return base::error(base::errc::timed_out, "the listeners did not take up the challenge in time");
}

base::challenge_snapshot challenge_board::snapshot() const {
  if (entries_.empty()) return nullptr;
  std::vector<http01> http;
  std::vector<tls_alpn01> tls;
  for (const auto& [id, each] : entries_) {
    http.insert(http.end(), each.http.begin(), each.http.end());
    tls.insert(tls.end(), each.tls.begin(), each.tls.end());
  }
  return std::make_shared<const base::pending_challenges>(std::move(http), std::move(tls));
}

void challenge_board::remove(std::uint64_t id) noexcept {
  entries_.erase(id);
  publish_(snapshot(), [] {});
}

}  // namespace cardea::autocert::solvers
