#include "proxy/http/error_form.hpp"

#include "base/text.hpp"
#include "proxy/http/quality_list.hpp"

#include <algorithm>

namespace cardea::proxy::http {
namespace {

/// The most exact range that covers a type, and its weight.
struct wish {
  int exactness = 0;  ///< 0: nothing covers it
  int weight = 0;

  void consider(int exact, int with) noexcept {
    if (exact < exactness) return;
    weight = exact == exactness ? std::max(weight, with) : with;
    exactness = exact;
  }
};

struct wishes {
  wish html;
  wish problem;
  wish json;

  void read(std::string_view list) noexcept {
    for_each_weighted(list, [this](std::string_view range, int weight) noexcept {
      if (range == "*/*") {
        html.consider(1, weight);
        json.consider(1, weight);
      }
      if (base::equal_ignoring_case(range, "text/*")) html.consider(2, weight);
      if (base::equal_ignoring_case(range, "application/*")) json.consider(2, weight);
      if (base::equal_ignoring_case(range, "text/html")) html.consider(3, weight);
      if (base::equal_ignoring_case(range, "application/json")) json.consider(3, weight);
      if (base::equal_ignoring_case(range, "application/problem+json")) problem.consider(3, weight);
    });
  }
};

bool is_better(const wish& left, const wish& right) noexcept {
  return left.weight != right.weight ? left.weight > right.weight : left.exactness > right.exactness;
}

}  // namespace

error_form choose_error_form(const request_head& head, const char* bytes) noexcept {
  if (head.wants_upgrade || head.is_extended_connect) return error_form::text;
  wishes all;
  bool says_something = false;
  for (const field& line : head.fields) {
    if (line.id != field_id::other || !base::equal_ignoring_case(name_of(line, bytes), "accept")) continue;
    says_something = true;
    all.read(value_of(line, bytes));
  }
  if (!says_something) return error_form::page;
  const wish json = is_better(all.problem, all.json) ? all.problem : all.json;
  if (json.weight > 0 && is_better(json, all.html)) return error_form::problem;
  return all.html.weight > 0 ? error_form::page : error_form::text;
}

}  // namespace cardea::proxy::http
