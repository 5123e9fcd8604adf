#include "tests/support/acme_twist.hpp"

#include <algorithm>

namespace cardea::test_support {

acme_ca::twist refused(int status, const std::string& type, const std::string& detail,
                       std::vector<base::http_field> fields) {
  acme_ca::twist out;
  out.reaches = acme_ca::twist::effect::checked;
  out.answer = [=](base::fetch_response answer) -> base::result<base::fetch_response> {
    answer.status = status;
    answer.body = acme_ca::problem_body(status, type, detail);
    answer.headers.insert(answer.headers.end(), fields.begin(), fields.end());
    return answer;
  };
  return out;
}

acme_ca::twist answer_lost() {
  acme_ca::twist out;
  out.answer = [](base::fetch_response) -> base::result<base::fetch_response> {
    return base::error(base::errc::closed, "ca.test: the server closed the connection");
  };
  return out;
}

acme_ca::twist request_lost() {
  acme_ca::twist out = answer_lost();
  out.reaches = acme_ca::twist::effect::lost;
  return out;
}

acme_ca::twist hanging() {
  acme_ca::twist out;
  out.hangs = true;
  return out;
}

acme_ca::twist changed(std::function<void(base::fetch_response&)> how) {
  acme_ca::twist out;
  out.answer = [how = std::move(how)](base::fetch_response answer) -> base::result<base::fetch_response> {
    how(answer);
    return answer;
  };
  return out;
}

acme_ca::twist with_body(std::string body) {
  return changed([body = std::move(body)](base::fetch_response& answer) { answer.body = body; });
}

acme_ca::twist without_field(std::string name) {
  return changed([name = std::move(name)](base::fetch_response& answer) {
    std::erase_if(answer.headers, [&](const base::http_field& field) { return field.name == name; });
  });
}

}  // namespace cardea::test_support
