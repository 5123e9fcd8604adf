#include "autocert/cert_store.hpp"

#include "autocert/metadata_store.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/scripted_ca.hpp"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <random>

namespace cardea::autocert {
namespace {

using test_support::make_pair;
using test_support::pem_pair;

// Goal: whoever is killed while saving leaves a pair that loads and matches, and
// the metadata of just this pair.
// Method: a child that does nothing but save is killed at a random moment, 200
// times; the parent loads what it finds, and the next child goes on from there.
TEST(cert_store_crash, b80_leaves_a_pair_and_its_metadata_200_times) {
  const test_support::scratch_folder folder;
  const auto now = std::chrono::system_clock::now();
  const std::vector<pem_pair> pairs{make_pair({"a.test"}, now, std::chrono::hours(24)),
                                    make_pair({"b.test"}, now, std::chrono::hours(24))};
  const auto store = [&] {
    return cert_store(folder / "certs/cert.crt", folder / "keys/priv.key", base::logger("test"));
  };
  std::vector<std::string> metadata;
  for (const pem_pair& each : pairs)
    metadata.push_back(to_json(
        metadata_of(*base::certificate::from_pem(each.chain, each.key).value(), "https://ca.test", {}, now)));
  ASSERT_TRUE(store().save(pairs[0].chain, pairs[0].key, metadata[0]));
  base::set_log_level(base::log_level::warn);

  std::mt19937 random(2026);
  std::size_t interrupted = 0;
  std::size_t seen[2] = {0, 0};
  for (int round = 0; round < 200; ++round) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      cert_store own = store();
      for (std::size_t i = static_cast<std::size_t>(round);; ++i)
        (void)own.save(pairs[i % 2].chain, pairs[i % 2].key, metadata[i % 2]);
    }
    ::usleep(std::uniform_int_distribution<useconds_t>(500, 40'000)(random));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    interrupted += std::filesystem::exists(folder / "certs/cert.crt.new") ? 1 : 0;
    const auto loaded = store().load(on_damage::quarantine);
    ASSERT_TRUE(loaded) << "round " << round << ": " << loaded.error().message();
    const autocert::metadata known = metadata_store(folder / "certs/cert.crt", base::logger("test")).load();
    ASSERT_EQ(known.serial, (*loaded)->serial_hex()) << "round " << round;
    ASSERT_EQ(known.fingerprint, fingerprint_of(**loaded)) << "round " << round;
    ++seen[(*loaded)->dns_names().front() == "a.test" ? 0 : 1];
    ASSERT_FALSE(std::filesystem::exists(folder / "certs/cert.crt.new"));
  }
  base::set_log_level(base::log_level::info);
  RecordProperty("interrupted", static_cast<int>(interrupted));
  EXPECT_GT(interrupted, 20U) << "the kills came at the wrong moments to prove anything";
  EXPECT_GT(seen[0], 20U);
  EXPECT_GT(seen[1], 20U);
}

}  // namespace
}  // namespace cardea::autocert
