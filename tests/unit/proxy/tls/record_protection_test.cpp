// Goal: records are protected as RFC 8446 section 5.2 says; the published trace of RFC 8448 section 3 is the judge.
#include "proxy/tls/record_protection.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cardea::proxy::tls {
namespace {

constexpr std::string_view client_secret = "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5";
constexpr std::string_view server_secret = "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643";
constexpr std::string_view client_record =
    "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a6292a2"
    "977014bd1e3deae63aeebb21694915e4";
constexpr std::string_view server_record =
    "17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59a8fcc49c4bf2e5f0a2"
    "1c0047c2abf332540dd032e167c2955d";

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

// 00 01 ... 31 (hexadecimal), what both sides of the trace say.
std::string traced_text() {
  std::string out;
  for (char each = 0; each < 50; ++each) out += each;
  return out;
}

traffic_secret secret_of(std::string_view hex, cipher_suite suite = cipher_suite::aes_128_gcm_sha256) {
  const std::string bytes = from_hex(hex);
  return {suite, octets(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size())};
}

std::string seal(record_protection& with, std::vector<std::string_view> pieces,
                 content_type type = content_type::application_data) {
  std::string out(record_plaintext_max + record_overhead, '\0');
  out.resize(with.seal(type, pieces, out.data()));
  return out;
}

TEST(record_protection, seals_the_servers_record_of_the_trace_in_one_piece_and_in_several) {
  const std::string text = traced_text();
  const std::string_view whole = text;
  // One record, the session ticket, went before it.
  record_protection one(secret_of(server_secret), 1);
  EXPECT_EQ(seal(one, {whole}), from_hex(server_record));
  record_protection several(secret_of(server_secret), 1);
  EXPECT_EQ(seal(several, {whole.substr(0, 7), {}, whole.substr(7, 30), whole.substr(37)}), from_hex(server_record));
}

TEST(record_protection, opens_the_clients_record_of_the_trace_once) {
  record_protection reading(secret_of(client_secret), 0);
  const std::string record = from_hex(client_record);
  std::string out(record.size(), '\0');
  const auto opened = reading.open(record, out.data());
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->type, content_type::application_data);
  EXPECT_EQ(out.substr(0, opened->bytes), traced_text());
  EXPECT_FALSE(reading.open(record, out.data())) << "the counter has moved on: a replay does not open";
}

TEST(record_protection, opens_nothing_of_which_a_bit_was_changed) {
  const std::string record = from_hex(client_record);
  std::string out(record.size(), '\0');
  for (std::size_t at = 0; at < record.size(); ++at) {
    std::string changed = record;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    record_protection reading(secret_of(client_secret), 0);
    EXPECT_FALSE(reading.open(changed, out.data())) << "byte " << at;
  }
  record_protection reading(secret_of(client_secret), 0);
  for (std::size_t size = 0; size < record.size(); ++size)
    EXPECT_FALSE(reading.open(std::string_view(record).substr(0, size), out.data())) << size;
}

TEST(record_protection, goes_on_under_every_suite_through_key_updates_and_rests) {
  for (const auto suite : {cipher_suite::aes_128_gcm_sha256, cipher_suite::aes_256_gcm_sha384,
                           cipher_suite::chacha20_poly1305_sha256}) {
    const std::string hex(2 * hash_bytes(hash_of(suite)), 'a');
    record_protection writing(secret_of(hex, suite), 0);
    record_protection reading(secret_of(hex, suite), 0);
    for (int round = 0; round < 4; ++round) {
      for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{4097},
                                     record_plaintext_max}) {
        const std::string text(size, static_cast<char>('a' + round));
        const std::string_view view = text;
        std::string record = seal(writing, {view.substr(0, size / 3), view.substr(size / 3)});
        ASSERT_EQ(record.size(), size + record_overhead);
        const auto opened = reading.open(record, record.data() + record_header_bytes);  // in place
        ASSERT_TRUE(opened) << size;
        EXPECT_EQ(record.substr(record_header_bytes, opened->bytes), text);
      }
      if (round == 1) {
        ASSERT_TRUE(writing.advance());
        ASSERT_TRUE(reading.advance());
      }
      if (round == 2) {
        writing.rest();
        reading.rest();
      }
    }
  }
}

TEST(record_protection, takes_no_more_than_a_record_may_hold) {
  record_protection writing(secret_of(server_secret), 0);
  const std::string text(record_plaintext_max + 1, 'x');
  EXPECT_EQ(seal(writing, {text}), "");
}

TEST(cipher_suite, is_one_of_three_numbers) {
  EXPECT_EQ(cipher_suite_of(0x1302), cipher_suite::aes_256_gcm_sha384);
  EXPECT_FALSE(cipher_suite_of(0x1304));
}

TEST(traffic_secret, expands_to_the_keys_of_the_trace) {
  std::array<unsigned char, 16> key{};
  ASSERT_TRUE(secret_of(server_secret).expand("key", key));
  EXPECT_EQ(std::string(key.begin(), key.end()), from_hex("9f02283b6c9c07efc26bb9f2ac92e356"));
  std::array<unsigned char, 12> iv{};
  ASSERT_TRUE(secret_of(client_secret).expand("iv", iv));
  EXPECT_EQ(std::string(iv.begin(), iv.end()), from_hex("5b78923dee08579033e523d9"));
}

}  // namespace
}  // namespace cardea::proxy::tls
