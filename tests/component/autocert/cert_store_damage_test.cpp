// Goal: nothing that a disk, a crash or an editor makes of the files is served
// when it is not the pair that was stored, and nothing of it is fatal (B82).
// Method: real files; every byte range is damaged in turn.
#include "autocert/cert_store.hpp"
#include "autocert/damaged_file.hpp"
#include "autocert/error.hpp"
#include "autocert/metadata_store.hpp"
#include "base/atomic_file.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/scripted_ca.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <filesystem>

namespace cardea::autocert {
namespace {

using test_support::make_pair;
using test_support::pem_pair;

const base::wall_time start = std::chrono::system_clock::from_time_t(1'800'000'000);

std::string private_number(const EVP_PKEY* key) {
  BIGNUM* raw = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &raw), 1);
  char* const text = BN_bn2hex(raw);
  std::string out(text);
  OPENSSL_free(text);
  BN_free(raw);
  return out;
}

class damage_of : public testing::Test {
 protected:
  damage_of() { base::set_log_level(base::log_level::error); }
  ~damage_of() override { base::set_log_level(base::log_level::info); }

  [[nodiscard]] cert_store store() const { return {cert_path_, key_path_, base::logger("test")}; }
  [[nodiscard]] metadata_store known() const { return {cert_path_, base::logger("test")}; }

  void put_all() {
    ASSERT_TRUE(base::make_directories(folder_ / "certs", 0700));
    put(cert_path_, pair_.chain);
    put(key_path_, pair_.key);
    put(known().path(), metadata_);
  }
  static void put(const std::string& path, std::string_view bytes) {
    ASSERT_TRUE(base::write_file_atomically(path, bytes, 0600));
  }
  [[nodiscard]] std::size_t files_like(std::string_view part) const {
    std::size_t out = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "certs"))
      out += entry.path().filename().string().find(part) != std::string::npos ? 1 : 0;
    return out;
  }

  /// Loads with each byte of `path` changed, and with the file cut off there.
  template <class Check>
  void with_each_damage(const std::string& path, const std::string& whole, Check check) {
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ (1U << (at % 7)));
      put(path, changed);
      check(changed);
      if (testing::Test::HasFatalFailure()) return;
      put(path, whole.substr(0, at));
      check(whole.substr(0, at));
      if (testing::Test::HasFatalFailure()) return;
    }
  }

  test_support::scratch_folder folder_;
  std::string cert_path_ = folder_ / "certs/cert.crt";
  std::string key_path_ = folder_ / "certs/priv.key";
  pem_pair pair_ = make_pair({"a.test"}, start, std::chrono::hours(24 * 90));
  std::shared_ptr<const base::certificate> stored_ =
      base::certificate::from_pem(pair_.chain, pair_.key).value();
  std::string metadata_ = to_json(metadata_of(*stored_, "https://ca.test/dir", {}, start));
};

// Its issuer is not in the chain: only the metadata can tell.
TEST_F(damage_of, b82_a_leaf_alone_is_measured_by_the_metadata) {
  const auto ca_key = make_key(config::key_type::ec256).value();
  const auto key = make_key(config::key_type::ec256).value();
  x509_draft root;
  root.common_name = "a root";
  root.not_before = start;
  root.not_after = start + std::chrono::hours(24);
  const auto signed_root = sign(root, ca_key.get(), nullptr, ca_key.get()).value();
  x509_draft leaf = root;
  leaf.common_name = "";
  leaf.dns_names = {"a.test"};
  pair_ = {to_pem(sign(leaf, key.get(), signed_root.get(), ca_key.get()).value().get()), key_to_pem(key.get())};
  stored_ = base::certificate::from_pem(pair_.chain, pair_.key).value();
  metadata_ = to_json(metadata_of(*stored_, "internal", {}, start));
  put_all();
  ASSERT_TRUE(store().load(on_damage::quarantine));
  const std::size_t in_the_signature = pair_.chain.size() - 50;
  pair_.chain[in_the_signature] = pair_.chain[in_the_signature] == 'A' ? 'B' : 'A';
  put(cert_path_, pair_.chain);
  EXPECT_TRUE(base::certificate::from_pem(pair_.chain, pair_.key)) << "nothing else would tell";
  const auto loaded = store().load(on_damage::quarantine);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message(), testing::HasSubstr("damaged since it was stored"));
}

// A byte of the text around the PEM may change without a change of what it holds.
TEST_F(damage_of, b82_the_certificate_is_served_as_it_was_stored_or_not_at_all) {
  put_all();
  std::size_t refused = 0;
  with_each_damage(cert_path_, pair_.chain, [&](const std::string& bytes) {
    const auto loaded = store().load(on_damage::quarantine);
    refused += loaded ? 0 : 1;
    if (loaded) {
      ASSERT_EQ(fingerprint_of(**loaded), fingerprint_of(*stored_)) << bytes;
    } else {
      ASSERT_EQ(loaded.error(), make_error_code(errc::damaged_certificate));
    }
  });
  EXPECT_GT(refused, pair_.chain.size());
  EXPECT_LE(files_like("cert.crt.damaged-"), damaged_copies_max) << "certs/ does not grow without bound";
  EXPECT_EQ(files_like("priv.key.damaged-"), 1U) << "the same content has one copy";
}

TEST_F(damage_of, b82_a_key_works_for_its_certificate_or_is_not_used) {
  put_all();
  std::size_t refused = 0;
  with_each_damage(key_path_, pair_.key, [&](const std::string& bytes) {
    const auto loaded = store().load(on_damage::report);
    refused += loaded ? 0 : 1;
    if (!loaded) return;
    ASSERT_EQ(EVP_PKEY_eq((*loaded)->key().get(), stored_->key().get()), 1) << bytes;
    ASSERT_EQ(private_number((*loaded)->key().get()), private_number(stored_->key().get())) << bytes;
  });
  EXPECT_GT(refused, pair_.key.size());
}

TEST_F(damage_of, b82_metadata_of_any_kind_costs_no_certificate) {
  put_all();
  with_each_damage(known().path(), metadata_, [&](const std::string& bytes) {
    (void)known().load();
    ASSERT_TRUE(store().load(on_damage::quarantine)) << bytes;
  });
  EXPECT_LE(files_like(".damaged-"), damaged_copies_max);
  EXPECT_GE(files_like(".damaged-"), 2U);
}

TEST_F(damage_of, b82_what_is_foreign_is_no_crash) {
  put_all();
  std::filesystem::remove(cert_path_);
  std::filesystem::create_directory(cert_path_);
  EXPECT_FALSE(store().load(on_damage::quarantine)) << "a folder in its place";
  std::filesystem::remove(cert_path_);
  std::filesystem::create_symlink(cert_path_, cert_path_);
  EXPECT_FALSE(store().load(on_damage::quarantine)) << "a link to itself";
  std::filesystem::remove(cert_path_);
  put(cert_path_, std::string("\x30\x82\x01\x00", 4));
  EXPECT_FALSE(store().load(on_damage::quarantine)) << "DER";
  put(cert_path_, pair_.key);
  EXPECT_FALSE(store().load(on_damage::quarantine)) << "a key";
  put(cert_path_, pair_.chain + pair_.key);
  EXPECT_TRUE(store().load(on_damage::quarantine)) << "a bundle";
  std::filesystem::remove(known().path());
  std::filesystem::create_directory(known().path());
  EXPECT_EQ(known().load(), metadata{});
  EXPECT_TRUE(store().load(on_damage::quarantine)) << "metadata cannot be read";
}

TEST_F(damage_of, a_pair_that_somebody_else_put_there_is_not_measured_by_the_metadata) {
  put_all();
  const pem_pair other = make_pair({"a.test"}, start, std::chrono::hours(24 * 90));
  put(cert_path_, other.chain);
  put(key_path_, other.key);
  const auto loaded = store().load(on_damage::quarantine);
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_NE(fingerprint_of(**loaded), fingerprint_of(*stored_));
}

TEST_F(damage_of, a_peek_sees_what_a_load_would_and_changes_nothing) {
  put_all();
  EXPECT_EQ(fingerprint_of(*store().peek().value()), fingerprint_of(*stored_));
  put(key_path_, "nonsense");
  EXPECT_FALSE(store().peek());
  put(known().path(), "nonsense");
  EXPECT_EQ(known().peek(), metadata{});
  EXPECT_EQ(files_like(".damaged-"), 0U);
}

TEST_F(damage_of, metadata_is_read_as_it_was_written) {
  metadata all = metadata_of(*stored_, "https://ca.test/dir", {"tlsserver", "shortlived"}, start);
  EXPECT_EQ(all.wanted_profile, "shortlived");
  all.cert_path = "certs/a.crt";
  all.key_path = "certs/a.key";
  all.suggested = suggestion{{start, start + std::chrono::hours(2), "https://ca.test/why"},
                             start + std::chrono::hours(1),
                             start + std::chrono::hours(6)};
  all.attempts = 3;
  all.attempted_at = start + std::chrono::seconds(1);
  all.last_error = "order: \"no\"";
  all.failed_at = start + std::chrono::seconds(2);
  ASSERT_TRUE(known().save(all));
  EXPECT_EQ(known().load(), all);
  EXPECT_EQ(known().peek(), all);
  EXPECT_EQ(parse_metadata(R"({"attempts": 3, "of a newer release": [1]})").value().attempts, 3U);
  all.last_error = std::string("torn \xff here ") + std::string(100'000, 'x');
  ASSERT_TRUE(known().save(all));
  EXPECT_EQ(known().load().last_error.size(), 2002U) << "cut, and U+FFFD for one byte";
}

TEST_F(damage_of, a_suggestion_of_an_earlier_release_is_taken_over) {
  put_all();
  std::filesystem::remove(known().path());
  const std::string former = cert_path_ + ".renewal.json";
  put(former, R"({"serial":")" + stored_->serial_hex() +
                  R"(","window_start":"2027-02-01T00:00:00Z","window_end":"2027-02-03T00:00:00Z",)"
                  R"("renew_at":"2027-02-02T00:00:00Z","ask_again":"2027-01-16T00:00:00Z","explanation":""})");
  metadata found = known().load();
  EXPECT_EQ(found.serial, stored_->serial_hex());
  ASSERT_TRUE(found.suggested);
  EXPECT_EQ(found.suggested->at - found.suggested->window.start, std::chrono::hours(24));
  ASSERT_TRUE(known().save(found));
  EXPECT_FALSE(std::filesystem::exists(former));
  EXPECT_EQ(known().load(), found);
}

}  // namespace
}  // namespace cardea::autocert
