#include "bench/load/loads.hpp"

#include "autocert/key.hpp"
#include "autocert/x509_draft.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <fstream>

namespace cardea::bench {

int make_certificates(const std::string& folder, std::size_t count, const std::string& name) {
  using namespace std::chrono_literals;
  std::filesystem::create_directories(folder);
  const auto authority_key = autocert::make_key(config::key_type::ec256).value();
  autocert::x509_draft draft;
  draft.common_name = "Benchmark";
  draft.is_root = true;
  draft.not_before = std::chrono::system_clock::now() - 1h;
  draft.not_after = draft.not_before + 24h * 30;
  const auto authority = autocert::sign(draft, authority_key.get(), nullptr, authority_key.get()).value();
  draft.is_root = false;
  draft.common_name.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const auto key = autocert::make_key(config::key_type::ec256).value();
    draft.dns_names = {fmt::format("site{}.{}", i, name)};
    const auto leaf = autocert::sign(draft, key.get(), authority.get(), authority_key.get()).value();
    const std::string path = fmt::format("{}/site{}.pem", folder, i);
    std::ofstream out(path);
    out << autocert::to_pem(leaf.get()) << autocert::to_pem(authority.get()) << autocert::key_to_pem(key.get());
    if (!out.flush()) {
      fmt::print(stderr, "{} could not be written\n", path);
      return 1;
    }
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  fmt::print(R"({{"answered": {}}})"
             "\n",
             count);
  return 0;
}

}  // namespace cardea::bench
