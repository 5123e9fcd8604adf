// Goal: signatures are those of RFC 8945, and a reply counts only with a right
// one. Method: ldns signs what we verify and verifies what we sign.
#include "dnsproviders/tsig.hpp"

#include "base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ldns/ldns.h>
#include <openssl/hmac.h>

#include <array>
#include <ctime>
#include <memory>

namespace cardea::dnsproviders {
namespace {

using testing::HasSubstr;

// An UPDATE that adds a TXT record to example.test; id 0x1234.
const std::string update = std::string("\x12\x34\x28\x00\x00\x01\x00\x00\x00\x01\x00\x00", 12) +
                           std::string(
                               "\x07"
                               "example\x04test\x00\x00\x06\x00\x01",
                               18) +
                           std::string(
                               "\x01"
                               "a\x07"
                               "example\x04test\x00\x00\x10\x00\x01\x00\x00\x00\x78\x00\x03\x02hi",
                               29);

// The answer to it: the header, and the zone section again.
std::string answer(int rcode = 0) {
  std::string out = update.substr(0, 30);
  out[2] = static_cast<char>(0xa8);
  out[3] = static_cast<char>(rcode);
  out[9] = 0;
  return out;
}

const std::string secret = "a secret of thirty-two bytes ...";

tsig_key key(const std::string& algorithm = "hmac-sha256") {
  return {"update.example", algorithm, base::secret(secret)};
}

std::uint64_t now() { return static_cast<std::uint64_t>(std::time(nullptr)); }

struct packet_deleter {
  void operator()(ldns_pkt* value) const noexcept { ldns_pkt_free(value); }
};
using packet_ptr = std::unique_ptr<ldns_pkt, packet_deleter>;
struct rdata_deleter {
  void operator()(ldns_rdf* value) const noexcept { ldns_rdf_deep_free(value); }
};
using rdata_ptr = std::unique_ptr<ldns_rdf, rdata_deleter>;

const std::uint8_t* bytes(const std::string& text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

packet_ptr parse(const std::string& wire) {
  ldns_pkt* out = nullptr;
  EXPECT_EQ(ldns_wire2pkt(&out, bytes(wire), wire.size()), LDNS_STATUS_OK);
  return packet_ptr(out);
}

bool ldns_verifies(const std::string& wire, const std::string& name, const std::string& with) {
  const packet_ptr packet = parse(wire);
  return ldns_pkt_tsig_verify(packet.get(), bytes(wire), wire.size(), name.c_str(),
                              base::base64(with).c_str(), nullptr);
}

// A reply signed by ldns at this moment. `mac`: of the request.
std::string signed_by_ldns(const std::string& reply, const std::string& mac, const std::string& name,
                           const std::string& algorithm, const std::string& with) {
  const packet_ptr packet = parse(reply);
  std::string sized{static_cast<char>(mac.size() >> 8U), static_cast<char>(mac.size() & 255U)};
  sized += mac;
  const rdata_ptr of_request(ldns_rdf_new_frm_data(LDNS_RDF_TYPE_INT16_DATA, sized.size(), sized.data()));
  EXPECT_EQ(ldns_pkt_tsig_sign(packet.get(), name.c_str(), base::base64(with).c_str(), 300,
                               (algorithm + ".").c_str(), of_request.get()),
            LDNS_STATUS_OK);
  std::uint8_t* wire = nullptr;
  std::size_t size = 0;
  EXPECT_EQ(ldns_pkt2wire(&wire, packet.get(), &size), LDNS_STATUS_OK);
  std::string out(reinterpret_cast<char*>(wire), size);
  free(wire);
  return out;
}

// What a server sends that refuses the request's TSIG: no MAC, an error, and the time with BADTIME.
std::string refused_with(unsigned error, const std::string& other = {}) {
  std::string out = answer(9);
  out[11] = 1;
  out += wire_name("update.example") + std::string("\x00\xfa\x00\xff\x00\x00\x00\x00", 8);
  std::string data =
      wire_name("hmac-sha256") + std::string(6, '\0') + std::string("\x01\x2c\x00\x00\x12\x34\x00", 7);
  data += static_cast<char>(error);
  data += std::string{'\0', static_cast<char>(other.size())} + other;
  return out + std::string{'\0', static_cast<char>(data.size())} + data;
}

std::string why(const base::result<void>& outcome) {
  return outcome ? "verified" : outcome.error().message();
}
constexpr const char* ldns_algorithms[] = {"hmac-sha1", "hmac-sha256", "hmac-sha512"};
constexpr const char* unsigned_sentence = "the name server's answer is not signed with our key";

TEST(tsig, knows_five_algorithms) {
  for (const char* name : {"hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"})
    EXPECT_TRUE(is_tsig_algorithm(name)) << name;
  for (const char* name : {"", "hmac-md5", "hmac-md5.sig-alg.reg.int", "gss-tsig", "sha256", "HMAC-SHA256"})
    EXPECT_FALSE(is_tsig_algorithm(name)) << name;
}

TEST(tsig, writes_names_as_they_go_over_the_wire) {
  EXPECT_EQ(wire_name("Www.Example.Test."), "\3www\7example\4test" + std::string(1, '\0'));
  EXPECT_EQ(wire_name("."), std::string(1, '\0'));
}

// The digest of RFC 8945 section 4.3.3, put together by hand: the message, then the variables.
std::string mac_by_hand(const EVP_MD* with, const std::string& algorithm, std::uint64_t time) {
  std::string input = update +
                      "\x06update\x07"
                      "example" +
                      std::string("\x00\x00\xff\x00\x00\x00\x00", 7);
  input += static_cast<char>(algorithm.size());
  input += algorithm + std::string(1, '\0');
  for (int shift = 40; shift >= 0; shift -= 8) input += static_cast<char>((time >> shift) & 255U);
  input += std::string("\x01\x2c\x00\x00\x00\x00", 6);
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  HMAC(with, secret.data(), static_cast<int>(secret.size()), bytes(input), input.size(), out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

TEST(tsig, signs_message_and_variables_with_every_algorithm) {
  const std::uint64_t time = 0x0102030405;
  const struct {
    const char* algorithm;
    const EVP_MD* digest;
  } rows[] = {{"hmac-sha1", EVP_sha1()},
              {"hmac-sha224", EVP_sha224()},
              {"hmac-sha256", EVP_sha256()},
              {"hmac-sha384", EVP_sha384()},
              {"hmac-sha512", EVP_sha512()}};
  for (const auto& row : rows) {
    const signed_message made = sign_message(update, key(row.algorithm), time);
    EXPECT_EQ(made.mac, mac_by_hand(row.digest, row.algorithm, time)) << row.algorithm;
    EXPECT_NE(made.wire.find(made.mac), std::string::npos) << row.algorithm;
  }
}

TEST(tsig, signs_so_that_ldns_verifies_it) {
  for (const char* algorithm : ldns_algorithms) {
    const signed_message made = sign_message(update, key(algorithm), now());
    EXPECT_TRUE(made.wire.ends_with(made.mac + std::string("\x12\x34\x00\x00\x00\x00", 6))) << algorithm;
    EXPECT_TRUE(ldns_verifies(made.wire, "update.example.", secret)) << algorithm;
    EXPECT_FALSE(ldns_verifies(made.wire, "update.example.", "another secret")) << algorithm;
    std::string changed = made.wire;
    changed[made.wire.find("hi")] = 'H';
    EXPECT_FALSE(ldns_verifies(changed, "update.example.", secret)) << algorithm;
  }
}

TEST(tsig, signs_a_message_that_has_additional_records_already) {
  std::string with_edns = update;
  with_edns[11] = 1;
  with_edns += std::string("\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00", 11);
  const signed_message made = sign_message(with_edns, key(), now());
  EXPECT_EQ(made.wire[11], 2);
  EXPECT_TRUE(ldns_verifies(made.wire, "update.example.", secret));
}

TEST(tsig, verifies_what_ldns_signed) {
  for (const char* algorithm : ldns_algorithms) {
    const std::string mac = sign_message(update, key(algorithm), now()).mac;
    const std::string reply = signed_by_ldns(answer(), mac, "update.example.", algorithm, secret);
    EXPECT_EQ(why(verify_reply(reply, mac, key(algorithm), now())), "verified") << algorithm;
    EXPECT_EQ(why(verify_reply(reply, mac + "x", key(algorithm), now())), unsigned_sentence) << algorithm;
  }
}

TEST(tsig, compares_the_names_of_a_reply_without_case) {
  const std::string mac = sign_message(update, key(), now()).mac;
  const std::string reply = signed_by_ldns(answer(), mac, "Update.EXAMPLE.", "hmac-sha256", secret);
  ASSERT_NE(reply.find("EXAMPLE"), std::string::npos);
  EXPECT_EQ(why(verify_reply(reply, mac, key(), now())), "verified");
}

TEST(tsig, refuses_a_reply_with_another_secret_key_algorithm_or_content) {
  const std::string mac = sign_message(update, key(), now()).mac;
  const std::string good = signed_by_ldns(answer(), mac, "update.example.", "hmac-sha256", secret);
  std::string changed = good;
  changed[3] = 5;
  for (const std::string& reply :
       {answer(), changed, signed_by_ldns(answer(), mac, "update.example.", "hmac-sha256", "another secret"),
        signed_by_ldns(answer(), mac, "other.example.", "hmac-sha256", secret),
        signed_by_ldns(answer(), mac, "update.example.", "hmac-sha512", secret)})
    EXPECT_EQ(why(verify_reply(reply, mac, key(), now())), unsigned_sentence);
}

TEST(tsig, refuses_a_reply_that_is_cut_anywhere) {
  const std::string mac = sign_message(update, key(), now()).mac;
  const std::string good = signed_by_ldns(answer(), mac, "update.example.", "hmac-sha256", secret);
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(verify_reply(good.substr(0, size), mac, key(), now())) << size;
  EXPECT_FALSE(verify_reply(good + "x", mac, key(), now()));
}

TEST(tsig, allows_clocks_to_be_five_minutes_apart) {
  const std::string mac = sign_message(update, key(), now()).mac;
  const std::uint64_t before = now();
  const std::string reply = signed_by_ldns(answer(), mac, "update.example.", "hmac-sha256", secret);
  const std::uint64_t after = now();
  EXPECT_TRUE(verify_reply(reply, mac, key(), before + 300));
  EXPECT_TRUE(verify_reply(reply, mac, key(), after - 300));
  for (const std::uint64_t time : {after + 301, before - 301})
    EXPECT_THAT(why(verify_reply(reply, mac, key(), time)), HasSubstr("BADTIME"));
}

TEST(tsig, says_in_words_what_the_server_objected_to) {
  EXPECT_EQ(why(verify_reply(refused_with(16), "mac", key(), now())),
            "the name server refused the TSIG signature (BADSIG): check tsig_secret and tsig_algorithm");
  EXPECT_EQ(why(verify_reply(refused_with(17), "mac", key(), now())),
            "the name server does not know the TSIG key (BADKEY): check tsig_key");
  EXPECT_EQ(
      why(verify_reply(refused_with(18, std::string("\x00\x00\x69\x00\x00\x00", 6)), "mac", key(), now())),
      "the name server refused the signing time (BADTIME): check the clocks");
  EXPECT_EQ(why(verify_reply(refused_with(22), "mac", key(), now())),
            "the name server refused the TSIG record: error 22");
}

}  // namespace
}  // namespace cardea::dnsproviders
