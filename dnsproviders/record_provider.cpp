#include "dnsproviders/record_provider.hpp"

#include "dnsproviders/keyed_lock.hpp"
#include "dnsproviders/vendor_json.hpp"
#include "dnsproviders/vendor_session.hpp"

#include <vector>

namespace cardea::dnsproviders {
namespace {

constexpr int pages_max = 100;

class record_provider final : public provider {
 public:
  record_provider(std::unique_ptr<record_vendor> vendor, vendor_settings settings, services with)
      : vendor_(std::move(vendor)), session_(*vendor_, std::move(settings), std::move(with)) {}

  base::awaitable<base::result<void>> present(challenge_record record) override {
    auto zone = co_await session_.find_zone(record.fqdn);
    if (!zone) co_return zone.error();
    const txt_value txt{std::move(record), *zone, session_.settings().ttl};
    std::string key = session_.settings().name + " " + zone->name;
    const auto lock = co_await keyed_lock::acquire(std::move(key));
    if (!lock) co_return lock.error();
    auto present = co_await find_own(txt);
    if (!present) co_return present.error();
    if (!present->empty()) {
      if (!vendor_->settles_again()) co_return base::result<void>();
      answer nothing{base::fetch_response{}};
      auto settled = co_await session_.settle(txt.zone, std::move(nothing));
      co_return settled;
    }
    request wanted = vendor_->add(txt);
    auto answered = co_await session_.ask(std::move(wanted));
    if (!answered) co_return answered.error();
    if (vendor_->judge(*answered) == outcome::absent) co_return session_.refusal(*answered);
    auto settled = co_await session_.settle(txt.zone, std::move(*answered));
    co_return settled;
  }

  base::awaitable<base::result<void>> clean_up(challenge_record record) override {
    auto zone = co_await session_.find_zone(record.fqdn);
    if (!zone) co_return zone.error();
    const txt_value txt{std::move(record), *zone, session_.settings().ttl};
    std::string key = session_.settings().name + " " + zone->name;
    const auto lock = co_await keyed_lock::acquire(std::move(key));
    if (!lock) co_return lock.error();
    std::vector<std::string> ids(1);
    if (auto known = vendor_->known_id(txt)) {
      ids.front() = std::move(*known);
    } else if (vendor_->has_list()) {
      auto found = co_await find_own(txt);
      if (!found) co_return found.error();
      ids = std::move(*found);
    }
    for (const std::string& id : ids) {
      request wanted = vendor_->remove(txt, id);
      auto answered = co_await session_.ask(std::move(wanted));
      if (!answered) co_return answered.error();
      auto settled = co_await session_.settle(txt.zone, std::move(*answered));
      if (!settled) co_return settled.error();
    }
    session_.forget(txt.fqdn());
    co_return base::result<void>();
  }

  propagation_timing timing() const noexcept override { return session_.settings().propagation; }

 private:
  // The ids of all records that hold just our value at the name.
  base::awaitable<base::result<std::vector<std::string>>> find_own(const txt_value& txt) {
    std::vector<std::string> ids;
    if (!vendor_->has_list()) co_return ids;
    std::string cursor;
    for (int pages = 0; pages < pages_max; ++pages) {
      request wanted = vendor_->list(txt, cursor);
      auto answered = co_await session_.ask(std::move(wanted));
      if (!answered) co_return answered.error();
      if (vendor_->judge(*answered) == outcome::absent) break;
      auto found = vendor_->read_list(*answered, txt);
      if (!found) co_return found.error().at(session_.settings().name);
      for (const found_record& each : found->items)
        if (unquoted(each.value) == txt.value()) ids.push_back(each.id);
      if (found->next.empty() || found->next == cursor) break;
      cursor = std::move(found->next);
    }
    co_return ids;
  }

  std::unique_ptr<record_vendor> vendor_;
  vendor_session session_;
};

}  // namespace

base::result<std::unique_ptr<provider>> make_record_provider(const provider_metadata& of,
                                                             const option_values& options, services with,
                                                             std::unique_ptr<record_vendor> vendor) {
  auto settings = read_vendor_settings(of, options);
  if (!settings) return settings.error();
  return std::unique_ptr<provider>(
      std::make_unique<record_provider>(std::move(vendor), std::move(*settings), std::move(with)));
}

}  // namespace cardea::dnsproviders
