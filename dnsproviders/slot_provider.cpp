#include "dnsproviders/slot_provider.hpp"

#include "dnsproviders/keyed_lock.hpp"
#include "dnsproviders/vendor_session.hpp"

namespace cardea::dnsproviders {
namespace {

constexpr int prepare_steps_max = 4;

class slot_provider final : public provider {
 public:
  slot_provider(std::unique_ptr<slot_vendor> vendor, vendor_settings settings, services with)
      : vendor_(std::move(vendor)), session_(*vendor_, std::move(settings), std::move(with)) {}

  base::awaitable<base::result<void>> present(challenge_record record) override {
    return tell(std::move(record), true);
  }
  base::awaitable<base::result<void>> clean_up(challenge_record record) override {
    return tell(std::move(record), false);
  }
  propagation_timing timing() const noexcept override { return session_.settings().propagation; }
  bool one_at_a_time() const noexcept override { return vendor_->replaces(); }

 private:
  base::awaitable<base::result<void>> prepare(txt_value txt) {
    std::string key = session_.settings().name + " " + txt.record.domain;
    const auto lock = co_await keyed_lock::acquire(std::move(key));
    if (!lock) co_return lock.error();
    for (int steps = 0; steps < prepare_steps_max; ++steps) {
      auto next = vendor_->prepare(txt);
      if (!next) co_return next.error().at(session_.settings().name);
      if (!*next) break;
      auto answered = co_await session_.ask(std::move(**next));
      if (!answered) co_return answered.error();
      auto taken = vendor_->take_prepared(txt, *answered);
      if (!taken) co_return taken.error().at(session_.settings().name);
    }
    co_return base::result<void>();
  }

  base::awaitable<base::result<void>> tell(challenge_record record, bool sets) {
    if (!sets && !vendor_->has_clear()) co_return base::result<void>();
    auto zone = co_await session_.find_zone(record.fqdn);
    if (!zone) co_return zone.error();
    const txt_value txt{std::move(record), *zone, session_.settings().ttl};
    if (sets) {
      auto prepared = co_await prepare(txt);
      if (!prepared) co_return prepared.error();
    }
    auto wanted = sets ? vendor_->set(txt) : vendor_->clear(txt);
    if (!wanted) co_return wanted.error().at(session_.settings().name);
    auto answered = co_await session_.ask(std::move(*wanted));
    if (!answered) co_return answered.error();
    if (sets && vendor_->judge(*answered) == outcome::absent) co_return session_.refusal(*answered);
    co_return base::result<void>();
  }

  std::unique_ptr<slot_vendor> vendor_;
  vendor_session session_;
};

}  // namespace

base::result<std::unique_ptr<provider>> make_slot_provider(const provider_metadata& of,
                                                           const option_values& options, services with,
                                                           std::unique_ptr<slot_vendor> vendor) {
  auto settings = read_vendor_settings(of, options);
  if (!settings) return settings.error();
  return std::unique_ptr<provider>(
      std::make_unique<slot_provider>(std::move(vendor), std::move(*settings), std::move(with)));
}

}  // namespace cardea::dnsproviders
