#include "autocert/cert_store.hpp"

#include "autocert/error.hpp"
#include "autocert/metadata_store.hpp"
#include "base/atomic_file.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"
#include "tests/support/file_faults.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/scripted_ca.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace cardea::autocert {
namespace {

using test_support::file_faults;
using test_support::make_pair;
using test_support::pem_pair;
using test_support::scratch_folder;
using testing::HasSubstr;

const base::wall_time start = std::chrono::system_clock::from_time_t(1'800'000'000);
constexpr std::chrono::seconds lives = std::chrono::hours(24 * 90);

std::string serial_of(const pem_pair& pair) {
  return base::certificate::from_pem(pair.chain, pair.key).value()->serial_hex();
}

unsigned mode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

std::size_t copies_in(const std::string& folder) {
  std::size_t out = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    out += entry.path().filename().string().find(".damaged-") != std::string::npos ? 1 : 0;
  return out;
}

void write(const std::string& path, std::string_view bytes) {
  ASSERT_TRUE(base::write_file_atomically(path, bytes, 0600));
}

std::string metadata_for(const pem_pair& pair) {
  const auto parsed = base::certificate::from_pem(pair.chain, pair.key).value();
  return to_json(metadata_of(*parsed, "https://ca.test/dir", {"shortlived", "shortlived"}, start));
}

struct cert_store_of : testing::Test {
  scratch_folder folder;
  std::string cert_path = folder / "certs/cert.crt";
  std::string key_path = folder / "keys/priv.key";
  std::string journal_path = cert_path + ".new";
  pem_pair old_pair = make_pair({"a.test"}, start, lives);
  pem_pair new_pair = make_pair({"a.test"}, start + std::chrono::hours(1), lives);

  [[nodiscard]] cert_store store(base::file_calls& calls = base::system_file_calls()) const {
    return {cert_path, key_path, base::logger("test"), calls};
  }
  void save(const pem_pair& pair) const { ASSERT_TRUE(store().save(pair.chain, pair.key)); }
};

TEST_F(cert_store_of, nothing_says_not_found) {
  EXPECT_EQ(store().load(on_damage::quarantine).error(), base::make_error_code(base::errc::not_found));
}

TEST_F(cert_store_of, a_pair_saves_and_loads_it_with_the_right_modes) {
  save(old_pair);
  EXPECT_EQ(store().load(on_damage::report).value()->serial_hex(), serial_of(old_pair));
  EXPECT_EQ(base::read_file(cert_path, 1 << 20).value(), old_pair.chain);
  EXPECT_EQ(base::read_file(key_path, 1 << 20).value(), old_pair.key);
  EXPECT_EQ(mode_of(cert_path), 0644U);
  EXPECT_EQ(mode_of(key_path), 0600U);
  EXPECT_EQ(mode_of(folder / "keys"), 0700U);
  EXPECT_FALSE(std::filesystem::exists(journal_path));
}

TEST_F(cert_store_of, existing_folders_leaves_their_mode_alone) {
  std::filesystem::create_directory(folder / "certs");
  ASSERT_EQ(::chmod((folder / "certs").c_str(), 0755), 0);
  save(old_pair);
  EXPECT_EQ(mode_of(folder / "certs"), 0755U);
}

// Goal: no moment between two system calls at which a load does not find the
// old or the new pair. Method: stop after the n-th call, for every n.
TEST_F(cert_store_of, b80_a_pair_and_its_metadata_survive_a_stop_at_every_call) {
  bool completed = false;
  std::size_t n = 0;
  bool new_seen_early = false;
  for (; !completed; ++n) {
    ASSERT_LT(n, 100U);
    ASSERT_TRUE(store().save(old_pair.chain, old_pair.key, metadata_for(old_pair)));
    file_faults faults(n);
    completed = store(faults).save(new_pair.chain, new_pair.key, metadata_for(new_pair)).has_value();
    const auto loaded = store().load(on_damage::quarantine);
    ASSERT_TRUE(loaded) << n << ": " << loaded.error().message();
    const std::string serial = (*loaded)->serial_hex();
    EXPECT_TRUE(serial == serial_of(old_pair) || serial == serial_of(new_pair)) << n;
    EXPECT_EQ(metadata_store(cert_path, base::logger("test")).load().serial, serial) << n;
    EXPECT_TRUE(!completed || serial == serial_of(new_pair));
    new_seen_early |= !completed && serial == serial_of(new_pair);
    EXPECT_FALSE(std::filesystem::exists(journal_path)) << n << ": the load finishes the save";
    EXPECT_EQ(copies_in(folder / "certs") + copies_in(folder / "keys"), 0U) << n << ": a crash is no damage";
    std::filesystem::remove_all(folder / "certs");
    std::filesystem::remove_all(folder / "keys");
  }
  EXPECT_GT(n, 15U);
  EXPECT_TRUE(new_seen_early);
}

TEST_F(cert_store_of, a_pair_survives_a_stop_at_every_call_of_the_recovery_too) {
  save(old_pair);
  file_faults faults;
  for (std::size_t n = 0; n < 40; ++n) {
    // Stopped between the key and the certificate: only the journal has a whole pair.
    write(journal_path + ".keep", "x");
    file_faults half(12);
    ASSERT_FALSE(store(half).save(new_pair.chain, new_pair.key));
    ASSERT_TRUE(std::filesystem::exists(journal_path));
    faults.allow(n);
    const auto during = store(faults).load(on_damage::quarantine);
    ASSERT_TRUE(during) << n << ": " << during.error().message();
    EXPECT_EQ((*during)->serial_hex(), serial_of(new_pair));
    EXPECT_EQ(store().load(on_damage::quarantine).value()->serial_hex(), serial_of(new_pair)) << n;
    save(old_pair);
  }
}

TEST_F(cert_store_of, a_journal_gives_way_to_a_younger_pair_that_somebody_put_there) {
  save(old_pair);
  file_faults half(12);
  ASSERT_FALSE(store(half).save(old_pair.chain, old_pair.key));
  ASSERT_TRUE(std::filesystem::exists(journal_path));
  write(cert_path, new_pair.chain);
  write(key_path, new_pair.key);
  EXPECT_EQ(store().load(on_damage::report).value()->serial_hex(), serial_of(new_pair));
  EXPECT_FALSE(std::filesystem::exists(journal_path));
}

TEST_F(cert_store_of, a_damaged_journal_falls_back_to_the_files) {
  save(old_pair);
  file_faults half(12);
  ASSERT_FALSE(store(half).save(new_pair.chain, new_pair.key));
  std::string journal = base::read_file(journal_path, 1 << 20).value();
  save(old_pair);
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{20}, std::size_t{90}, journal.size() / 2, journal.size() - 2}) {
    std::string torn = journal;
    torn[at] = static_cast<char>(torn[at] ^ 1);
    write(journal_path, torn);
    EXPECT_EQ(store().load(on_damage::quarantine).value()->serial_hex(), serial_of(old_pair)) << at;
    write(journal_path, journal.substr(0, at));
    EXPECT_EQ(store().load(on_damage::quarantine).value()->serial_hex(), serial_of(old_pair)) << at;
    EXPECT_FALSE(std::filesystem::exists(journal_path));
  }
}

TEST_F(cert_store_of, damage_is_an_error_that_says_why_and_is_kept_aside_once) {
  save(old_pair);
  write(key_path, new_pair.key);
  for (int i = 0; i < 3; ++i) {
    const auto loaded = store().load(on_damage::quarantine);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error(), make_error_code(errc::damaged_certificate));
    EXPECT_THAT(loaded.error().message(), HasSubstr(cert_path));
    EXPECT_THAT(loaded.error().message(), HasSubstr("the private key does not belong to the certificate"));
  }
  EXPECT_EQ(copies_in(folder / "certs"), 1U);
  EXPECT_EQ(copies_in(folder / "keys"), 1U);
  for (const auto& entry : std::filesystem::directory_iterator(folder / "keys"))
    EXPECT_EQ(mode_of(entry.path().string()), 0600U) << entry.path();
}

TEST_F(cert_store_of, damage_of_every_kind_is_no_crash_and_leaves_local_files_alone) {
  save(old_pair);
  const std::string long_text((1 << 20) + 1, 'x');
  for (const std::string& bytes : {std::string(), old_pair.chain.substr(0, 200), std::string("nonsense"),
                                   long_text, old_pair.chain.substr(0, old_pair.chain.size() - 40)}) {
    write(cert_path, bytes);
    const auto loaded = store().load(on_damage::report);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error(), make_error_code(errc::damaged_certificate));
  }
  EXPECT_EQ(copies_in(folder / "certs"), 0U);
  std::filesystem::remove(cert_path);
  EXPECT_EQ(store().load(on_damage::report).error(), make_error_code(errc::damaged_certificate))
      << "a key alone";
}

TEST_F(cert_store_of, b81_a_full_disk_keeps_the_old_pair_and_the_next_save_works) {
  save(old_pair);
  class full_disk final : public base::file_calls {
    long write(int, const char*, std::size_t) override {
      errno = ENOSPC;
      return -1;
    }
  } full;
  const auto saved = store(full).save(new_pair.chain, new_pair.key);
  ASSERT_FALSE(saved);
  EXPECT_THAT(saved.error().message(), HasSubstr("No space left on device"));
  EXPECT_EQ(store().load(on_damage::report).value()->serial_hex(), serial_of(old_pair));
  save(new_pair);
  EXPECT_EQ(store().load(on_damage::report).value()->serial_hex(), serial_of(new_pair));
}

TEST_F(cert_store_of, the_journal_of_a_release_without_metadata_is_finished) {
  save(old_pair);
  const std::string body = std::to_string(new_pair.key.size()) + "\n" + new_pair.key + new_pair.chain;
  write(journal_path, "cardea-pair-1 " + base::hex(base::sha256(body)) + " " + body);
  EXPECT_EQ(store().load(on_damage::quarantine).value()->serial_hex(), serial_of(new_pair));
  EXPECT_FALSE(std::filesystem::exists(journal_path));
}

// The kernel refuses to write: a small file system that is full where mounting
// is allowed, else a limit on the size of files.
class refusing_kernel {
 public:
  explicit refusing_kernel(const std::string& folder) : folder_(folder) {
    std::filesystem::create_directory(folder_);
    mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=64k") == 0;
    ::getrlimit(RLIMIT_FSIZE, &limit_before_);
    signal_before_ = ::signal(SIGXFSZ, SIG_IGN);
  }
  refusing_kernel(const refusing_kernel&) = delete;
  refusing_kernel& operator=(const refusing_kernel&) = delete;
  ~refusing_kernel() {
    relent();
    ::signal(SIGXFSZ, signal_before_);
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }

  void refuse() {
    if (mounted_) {
      std::ofstream filler(folder_ + "/filler", std::ios::binary);
      for (int i = 0; i < 64 && filler; ++i) filler << std::string(1024, 'x') << std::flush;
    } else {
      const rlimit tiny{16, limit_before_.rlim_max};
      ::setrlimit(RLIMIT_FSIZE, &tiny);
    }
  }
  void relent() {
    if (mounted_) std::filesystem::remove(folder_ + "/filler");
    ::setrlimit(RLIMIT_FSIZE, &limit_before_);
  }

 private:
  std::string folder_;
  bool mounted_ = false;
  rlimit limit_before_{};
  sighandler_t signal_before_ = SIG_DFL;
};

TEST_F(cert_store_of, b81_a_kernel_that_refuses_to_write_keeps_the_old_pair) {
  refusing_kernel kernel(folder / "certs");
  save(old_pair);
  kernel.refuse();
  const auto refused = store().save(new_pair.chain, new_pair.key);
  kernel.relent();
  EXPECT_FALSE(refused);
  EXPECT_EQ(store().load(on_damage::report).value()->serial_hex(), serial_of(old_pair));
  save(new_pair);
  EXPECT_EQ(store().load(on_damage::report).value()->serial_hex(), serial_of(new_pair));
}

// Root writes everything, so this needs a file system that does not let it; without
// the right to mount, an ordinary user's folder without the right to write does the same.
TEST_F(cert_store_of, b81_a_read_only_file_system_keeps_the_old_pair_and_says_how_to_write) {
  const std::string certs = folder / "certs";
  std::filesystem::create_directory(certs);
  const bool mounted = ::mount("tmpfs", certs.c_str(), "tmpfs", 0, "size=256k") == 0;
  save(old_pair);
  const auto allow = [&](bool writing) {
    const unsigned long flags = MS_REMOUNT | (writing ? 0UL : static_cast<unsigned long>(MS_RDONLY));
    const int done = mounted ? ::mount(nullptr, certs.c_str(), nullptr, flags, nullptr)
                             : ::chmod(certs.c_str(), writing ? 0700 : 0500);
    EXPECT_EQ(done, 0);
  };
  allow(false);
  const auto refused = store().save(new_pair.chain, new_pair.key);
  const auto during = store().load(on_damage::quarantine);
  allow(true);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(),
              HasSubstr(mounted ? "mount the folder writable" : "let this user read and write there"));
  ASSERT_TRUE(during) << during.error().message();
  EXPECT_EQ((*during)->serial_hex(), serial_of(old_pair));
  save(new_pair);
  EXPECT_EQ(store().load(on_damage::report).value()->serial_hex(), serial_of(new_pair));
  if (mounted) ::umount2(certs.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace cardea::autocert
