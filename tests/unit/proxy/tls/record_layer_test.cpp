// Goal: what a client may still say behind the handshake, and what ends the connection.
#include "proxy/tls/record_layer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace cardea::proxy::tls {
namespace {

using event = record_layer::event;

const std::string key_update("\x18\0\0\1\0", 5);
const std::string key_update_requested("\x18\0\0\1\1", 5);

/// A connection with its client's end: what either seals the other opens.
struct connection {
  static traffic_secret secret(char digit) {
    std::array<unsigned char, 32> bytes{};
    bytes.fill(static_cast<unsigned char>(digit));
    return {cipher_suite::aes_128_gcm_sha256, bytes};
  }

  record_layer server{secret('c'), secret('5'), 1};
  record_protection client_writing{secret('c'), 0};
  record_protection client_reading{secret('5'), 1};
  std::string text = std::string(record_ciphertext_max, '\0');

  std::string sealed(std::string_view message, content_type type = content_type::application_data) {
    std::string out(record_plaintext_max + record_overhead, '\0');
    const std::vector<std::string_view> pieces{message};
    out.resize(client_writing.seal(type, pieces, out.data()));
    return out;
  }
  record_layer::outcome say(std::string_view message, content_type type = content_type::application_data) {
    return server.take(sealed(message, type), text.data());
  }
  /// What the server owes, opened by the client: content type and text.
  std::pair<content_type, std::string> answer() {
    std::string record(record_layer::answer_bytes_max, '\0');
    record.resize(server.seal_answer(record.data()));
    return opened(record);
  }
  std::pair<content_type, std::string> opened(std::string record) {
    const auto got = client_reading.open(record, record.data() + record_header_bytes);
    if (!got) return {content_type::alert, "does not open"};
    return {got->type, record.substr(record_header_bytes, got->bytes)};
  }
  std::string data_of_server() {
    std::string record(64, '\0');
    const std::vector<std::string_view> pieces{"data"};
    record.resize(server.seal_data(pieces, record.data()));
    return opened(record).second;
  }
  std::string alert(int description) { return {char{2}, static_cast<char>(description)}; }
};

TEST(record_layer, takes_data_and_the_orderly_end) {
  connection now;
  const auto data = now.say("hello");
  EXPECT_EQ(data.what, event::data);
  EXPECT_EQ(now.text.substr(0, data.bytes), "hello");
  EXPECT_FALSE(now.server.has_answer());
  EXPECT_EQ(now.say(std::string("\1\0", 2), content_type::alert).what, event::ended);
}

TEST(record_layer, follows_the_clients_key_update_and_answers_one_that_asks) {
  connection now;
  EXPECT_EQ(now.say(key_update, content_type::handshake).what, event::nothing);
  ASSERT_TRUE(now.client_writing.advance());
  EXPECT_FALSE(now.server.has_answer());
  EXPECT_EQ(now.say("under the second key").what, event::data);

  EXPECT_EQ(now.say(key_update_requested, content_type::handshake).what, event::nothing);
  ASSERT_TRUE(now.client_writing.advance());
  EXPECT_EQ(now.say(key_update_requested, content_type::handshake).what, event::nothing);
  ASSERT_TRUE(now.client_writing.advance());
  ASSERT_TRUE(now.server.has_answer());
  EXPECT_EQ(now.answer(), std::pair(content_type::handshake, key_update));
  EXPECT_FALSE(now.server.has_answer()) << "two requests are answered once";
  ASSERT_TRUE(now.client_reading.advance());
  EXPECT_EQ(now.data_of_server(), "data");
}

TEST(record_layer, v06_too_many_records_without_data_end_the_connection) {
  for (const bool updates : {true, false}) {
    connection now;
    event last = event::nothing;
    unsigned taken = 0;
    while (last == event::nothing && taken < 1'000) {
      last = updates ? now.say(key_update, content_type::handshake).what : now.say("").what;
      if (updates) {
        ASSERT_TRUE(now.client_writing.advance());
      }
      ++taken;
    }
    EXPECT_EQ(last, event::failed);
    EXPECT_EQ(taken, record_layer::idle_records_max + 1);
    EXPECT_EQ(now.answer().second, now.alert(10));
  }
}

TEST(record_layer, data_in_between_makes_key_updates_harmless) {
  connection now;
  for (unsigned i = 0; i < 10 * record_layer::idle_records_max; ++i) {
    ASSERT_EQ(now.say(key_update, content_type::handshake).what, event::nothing);
    ASSERT_TRUE(now.client_writing.advance());
    ASSERT_EQ(now.say("x").what, event::data);
  }
}

TEST(record_layer, tells_the_client_what_it_broke) {
  struct row {
    std::string message;
    content_type type;
    int alert;
  };
  const row rows[] = {
      {std::string("\1\0\0\1x", 5), content_type::handshake, 10},                 // a second ClientHello
      {key_update + key_update, content_type::handshake, 10},                    // data behind a key change
      {key_update.substr(0, 4), content_type::handshake, 10},                    // half a message
      {std::string("\x18\0\0\1\2", 5), content_type::handshake, 10},             // neither asks nor does not
      {"x", content_type::alert, 10},
      {"x", static_cast<content_type>(20), 10},
      {"x", static_cast<content_type>(24), 10},
  };
  for (const row& each : rows) {
    connection now;
    EXPECT_EQ(now.say(each.message, each.type).what, event::failed);
    EXPECT_FALSE(now.server.failure().empty());
    EXPECT_EQ(now.answer(), std::pair(content_type::alert, now.alert(each.alert)));
  }
  connection forged;
  std::string record = forged.sealed("x");
  record.back() = static_cast<char>(record.back() ^ 1);
  EXPECT_EQ(forged.server.take(record, forged.text.data()).what, event::failed);
  EXPECT_EQ(forged.answer().second, forged.alert(20));
  connection clear;
  EXPECT_EQ(clear.server.take(std::string("\x15\3\3\0\2\1\0", 7), clear.text.data()).what, event::failed);
  EXPECT_EQ(clear.answer().second, clear.alert(10));
}

TEST(record_layer, an_alert_ends_without_an_answer_and_a_cancelled_handshake_is_no_news) {
  connection now;
  EXPECT_EQ(now.say(std::string("\1\x5a", 2), content_type::alert).what, event::nothing);
  EXPECT_EQ(now.say(std::string("\2\x28", 2), content_type::alert).what, event::failed);
  EXPECT_FALSE(now.server.has_answer());
}

TEST(record_layer, says_its_own_end_once) {
  connection now;
  std::string record(record_layer::answer_bytes_max, '\0');
  record.resize(now.server.seal_close_notify(record.data()));
  EXPECT_EQ(now.opened(record), std::pair(content_type::alert, std::string("\1\0", 2)));
  EXPECT_EQ(now.server.seal_close_notify(record.data()), 0U);
}

TEST(record_layer, knows_where_a_record_ends_and_which_is_none) {
  EXPECT_EQ(record_layer::record_bytes(""), 0U);
  EXPECT_EQ(record_layer::record_bytes(std::string("\x17\3\3\0", 4)), 0U);
  EXPECT_EQ(record_layer::record_bytes(std::string("\x17\3\3\0\2", 5)), 7U);
  EXPECT_EQ(record_layer::record_bytes(std::string("\x17\3\3\x41\0", 5)), record_header_bytes + record_ciphertext_max);
  EXPECT_EQ(record_layer::record_bytes(std::string("\x17\3\3\x41\1", 5)), std::nullopt);
}

}  // namespace
}  // namespace cardea::proxy::tls
