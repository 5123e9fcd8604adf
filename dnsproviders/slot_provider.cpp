#include "dnsproviders/slot_provider.hpp"

#include "dnsproviders/vendor_session.hpp"

namespace cardea::dnsproviders {
namespace {

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
  base::awaitable<base::result<void>> tell(challenge_record record, bool sets) {
    auto zone = co_await session_.find_zone(record.fqdn);
    if (!zone) co_return zone.error();
    const txt_value txt{std::move(record), *zone, session_.settings().ttl};
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
