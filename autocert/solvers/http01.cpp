#include "autocert/solvers/http01.hpp"

namespace cardea::autocert::solvers {

base::awaitable<base::result<void>> http01::present(std::vector<work> wanted) {
  std::vector<challenge_board::http01> answers;
  for (work& each : wanted)
    answers.push_back({std::move(each.domain), std::move(each.token), std::move(each.key_authorization)});
  std::vector<challenge_board::tls_alpn01> none;
  auto taken_up = co_await board_.put(std::move(answers), std::move(none), posting_);
  co_return taken_up;
}

base::awaitable<void> http01::clean_up() {
  posting_.take_back();
  co_return;
}

}  // namespace cardea::autocert::solvers
