#pragma once

#include "base/async.hpp"
#include "base/error.hpp"
#include "base/pending_challenges.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

namespace cardea::autocert::solvers {

/// What is pending at any CA, as the listeners know it: one for the program,
/// shared by all orders. Control thread only.
class challenge_board {
 public:
  using http01 = base::pending_challenges::http01;
  using tls_alpn01 = base::pending_challenges::tls_alpn01;
  /// Hands a snapshot to every listener and then calls `installed`, once, from any thread.
  using publisher = std::function<void(base::challenge_snapshot, std::function<void()> installed)>;

  static constexpr std::chrono::seconds patience_of_listeners{10};

  /// Without a publisher (a command beside the server) nothing can be put up.
  explicit challenge_board(publisher publish) : publish_(std::move(publish)) {}

  /// A place on the board; given back by its destructor.
  class posting {
   public:
    posting() = default;
    posting(posting&& other) noexcept;
    posting& operator=(posting&& other) noexcept;
    ~posting() { take_back(); }
    /// From now on the listeners know nothing of it, as soon as they hear of it.
    void take_back() noexcept;

   private:
    friend class challenge_board;
    posting(challenge_board& board, std::uint64_t id) noexcept : board_(&board), id_(id) {}
    challenge_board* board_ = nullptr;
    std::uint64_t id_ = 0;
  };

  /// Completes when every listener answers for what was put up; it is theirs until `kept` goes.
  /// errc::timed_out when they do not say so in time.
  [[nodiscard]] base::awaitable<base::result<void>> put(std::vector<http01> http, std::vector<tls_alpn01> tls,
                                                        posting& kept);

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

 private:
  struct entry {
    std::vector<http01> http;
    std::vector<tls_alpn01> tls;
  };
  [[nodiscard]] base::challenge_snapshot snapshot() const;
  void remove(std::uint64_t id) noexcept;

  publisher publish_;
  std::map<std::uint64_t, entry> entries_;
  std::uint64_t last_id_ = 0;
};

}  // namespace cardea::autocert::solvers
