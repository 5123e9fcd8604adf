#include "dnsproviders/rrset_provider.hpp"

#include "dnsproviders/keyed_lock.hpp"
#include "dnsproviders/vendor_json.hpp"
#include "dnsproviders/vendor_session.hpp"

#include <algorithm>

namespace cardea::dnsproviders {
namespace {

constexpr int rounds_max = 3;

class rrset_provider final : public provider {
 public:
  rrset_provider(std::unique_ptr<rrset_vendor> vendor, vendor_settings settings, services with)
      : vendor_(std::move(vendor)), session_(*vendor_, std::move(settings), std::move(with)) {}

  base::awaitable<base::result<void>> present(challenge_record record) override {
    return change(std::move(record), true);
  }
  base::awaitable<base::result<void>> clean_up(challenge_record record) override {
    return change(std::move(record), false);
  }
  propagation_timing timing() const noexcept override { return session_.settings().propagation; }

 private:
  base::awaitable<base::result<void>> change(challenge_record record, bool adds) {
    auto zone = co_await session_.find_zone(record.fqdn);
    if (!zone) co_return zone.error();
    const txt_value txt{std::move(record), *zone, session_.settings().ttl};
    std::string key = session_.settings().name + " " + zone->name;
    const auto lock = co_await keyed_lock::acquire(std::move(key));
    if (!lock) co_return lock.error();
    for (int round = 1;; ++round) {
      auto old = co_await read(txt);
      if (!old) co_return old.error();
      std::vector<std::string> values = old->values;
      const bool there = std::find(values.begin(), values.end(), txt.value()) != values.end();
      if (there == adds) break;
      if (adds)
        values.push_back(txt.value());
      else
        std::erase(values, txt.value());
      request wanted = vendor_->write(txt, *old, values);
      auto answered = co_await session_.send(std::move(wanted));
      if (!answered) co_return answered.error();
      const bool raced = answered->status() == 409 || answered->status() == 412;
      if (raced && round < rounds_max) continue;
      const outcome became = vendor_->judge(*answered);
      if (became == outcome::refused || (became == outcome::absent && adds))
        co_return session_.refusal(*answered);
      auto settled = co_await session_.settle(txt.zone, std::move(*answered));
      if (!settled) co_return settled.error();
      break;
    }
    if (!adds) session_.forget(txt.fqdn());
    co_return base::result<void>();
  }

  base::awaitable<base::result<rrset>> read(const txt_value& txt) {
    request wanted = vendor_->read(txt);
    auto answered = co_await session_.ask(std::move(wanted));
    if (!answered) co_return answered.error();
    if (vendor_->judge(*answered) == outcome::absent) co_return rrset{};
    auto found = vendor_->read_set(*answered, txt);
    if (!found) co_return found.error().at(session_.settings().name);
    for (std::string& each : found->values) each = unquoted(std::move(each));
    co_return found;
  }

  std::unique_ptr<rrset_vendor> vendor_;
  vendor_session session_;
};

}  // namespace

base::result<std::unique_ptr<provider>> make_rrset_provider(const provider_metadata& of,
                                                            const option_values& options, services with,
                                                            std::unique_ptr<rrset_vendor> vendor) {
  auto settings = read_vendor_settings(of, options);
  if (!settings) return settings.error();
  return std::unique_ptr<provider>(
      std::make_unique<rrset_provider>(std::move(vendor), std::move(*settings), std::move(with)));
}

}  // namespace cardea::dnsproviders
