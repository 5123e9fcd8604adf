#pragma once

#include "autocert/solvers/challenge_board.hpp"
#include "autocert/solvers/solver.hpp"

namespace cardea::autocert::solvers {

/// Proves names and IP addresses by an answer on port 80 (RFC 8555 section 8.3, RFC 8738 section 4).
class http01 final : public solver {
 public:
  /// The board outlives the solver.
  explicit http01(challenge_board& board) noexcept : board_(board) {}

  [[nodiscard]] config::challenge_type type() const noexcept override {
    return config::challenge_type::http01;
  }
  [[nodiscard]] base::awaitable<base::result<void>> present(std::vector<work> wanted) override;
  [[nodiscard]] base::awaitable<void> clean_up() override;

 private:
  challenge_board& board_;
  challenge_board::posting posting_;
};

}  // namespace cardea::autocert::solvers
