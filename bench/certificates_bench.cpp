// A folder of many certificates, as a program of its own: `certificates_bench [count]`, 100,000 by default.
//
// Prints what loading takes, the memory of each certificate, what replacing one takes, and the CPU time of
// the server's side of a handshake, beside that with a single certificate in the same run.
#include "autocert/certificate_folder.hpp"
#include "autocert/key.hpp"
#include "autocert/x509_draft.hpp"
#include "proxy/tls/server_context.hpp"

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <malloc.h>
#include <time.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace cardea {
namespace {

namespace fs = std::filesystem;
using steady = std::chrono::steady_clock;

constexpr std::size_t digits = 6;
constexpr std::size_t hot_count = 500;

double milliseconds_since(steady::time_point begin) {
  return std::chrono::duration<double, std::milli>(steady::now() - begin).count();
}

double cpu_microseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

std::size_t resident_bytes() {
  malloc_trim(0);
  std::ifstream status("/proc/self/statm");
  std::size_t pages = 0;
  std::size_t resident = 0;
  status >> pages >> resident;
  return resident * 4096;
}

std::string name_of(std::size_t number) { return fmt::format("site{:0{}}.example.test", number, digits); }

/// Bundles of leaf, intermediate and key that differ in their names only: nobody verifies a signature here.
class bundle_maker {
 public:
  explicit bundle_maker(config::key_type type) {
    using namespace std::chrono_literals;
    const auto authority_key = autocert::make_key(config::key_type::ec256).value();
    autocert::x509_draft draft;
    draft.common_name = "Some Intermediate";
    draft.is_root = true;
    draft.not_before = std::chrono::system_clock::now() - 1h;
    draft.not_after = draft.not_before + 24h * 90;
    const auto authority = autocert::sign(draft, authority_key.get(), nullptr, authority_key.get()).value();
    key_ = autocert::make_key(type).value();
    draft.is_root = false;
    draft.common_name.clear();
    draft.dns_names = {name_of(0), "www." + name_of(0)};
    const auto leaf = autocert::sign(draft, key_.get(), authority.get(), authority_key.get()).value();
    add_what_public_cas_add(leaf.get());
    X509_sign(leaf.get(), authority_key.get(), EVP_sha256());
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(leaf.get(), &bytes);
    der_.assign(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    rest_ = autocert::to_pem(authority.get()) + autocert::key_to_pem(key_.get());
  }

  [[nodiscard]] std::size_t leaf_bytes() const { return der_.size(); }

  [[nodiscard]] std::string bundle(std::size_t number) const {
    std::string der = der_;
    const std::string from = name_of(0);
    for (std::size_t at = der.find(from); at != std::string::npos; at = der.find(from, at + 1))
      der.replace(at, from.size(), name_of(number));
    std::string body(der.size() * 2, '\0');
    EVP_ENCODE_CTX* const encoder = EVP_ENCODE_CTX_new();
    int length = 0;
    int last = 0;
    EVP_EncodeInit(encoder);
    auto* const out = reinterpret_cast<unsigned char*>(body.data());
    EVP_EncodeUpdate(encoder, out, &length, reinterpret_cast<const unsigned char*>(der.data()),
                     static_cast<int>(der.size()));
    EVP_EncodeFinal(encoder, out + length, &last);
    EVP_ENCODE_CTX_free(encoder);
    body.resize(static_cast<std::size_t>(length + last));
    return "-----BEGIN CERTIFICATE-----\n" + body + "-----END CERTIFICATE-----\n" + rest_;
  }

 private:
  // Two signed timestamps, AIA and policies take about so much.
  static void add_what_public_cas_add(X509* leaf) {
    const std::string filling(400, 'x');
    ASN1_OCTET_STRING* const value = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(value, reinterpret_cast<const unsigned char*>(filling.data()),
                          static_cast<int>(filling.size()));
    ASN1_OBJECT* const id = OBJ_txt2obj("1.3.6.1.4.1.11129.2.4.2", 1);
    X509_EXTENSION* const extension = X509_EXTENSION_create_by_OBJ(nullptr, id, 0, value);
    X509_add_ext(leaf, extension, -1);
    X509_EXTENSION_free(extension);
    ASN1_OBJECT_free(id);
    ASN1_OCTET_STRING_free(value);
  }

  base::key_ptr key_;
  std::string der_;
  std::string rest_;
};

/// Handshakes through memory; only the server's steps are counted.
class handshakes {
 public:
  explicit handshakes(base::certificate_snapshot certificates) {
    server_.publish(std::move(certificates));
    SSL_CTX_set_verify(client_, SSL_VERIFY_NONE, nullptr);
  }
  handshakes(const handshakes&) = delete;
  handshakes& operator=(const handshakes&) = delete;
  ~handshakes() { SSL_CTX_free(client_); }

  double once(const std::string& name) {
    proxy::tls::session_facts facts;
    const proxy::tls::ssl_ptr server = server_.make_session(facts);
    SSL* const client = SSL_new(client_);
    SSL_ctrl(client, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name.c_str()));
    BIO* to_server = BIO_new(BIO_s_mem());
    BIO* to_client = BIO_new(BIO_s_mem());
    BIO_up_ref(to_server);
    BIO_up_ref(to_client);
    SSL_set_bio(server.get(), to_server, to_client);
    SSL_set_bio(client, to_client, to_server);
    SSL_set_connect_state(client);
    double spent = 0;
    bool over = false;
    for (int step = 0; step < 8 && !over; ++step) {
      const bool is_ours_over = SSL_do_handshake(client) == 1;
      const double begin = cpu_microseconds();
      const bool is_theirs_over = SSL_do_handshake(server.get()) == 1;
      spent += cpu_microseconds() - begin;
      over = is_ours_over && is_theirs_over;
    }
    SSL_free(client);
    if (!over) {
      fmt::print(stderr, "a handshake for {} failed\n", name);
      std::exit(1);
    }
    return spent;
  }

 private:
  proxy::tls::server_context server_{config::tls_section{},
                                     std::make_shared<const proxy::tls::ticket_keys>()};
  SSL_CTX* client_ = SSL_CTX_new(TLS_client_method());
};

double median(std::vector<double> of) {
  std::sort(of.begin(), of.end());
  return of[of.size() / 2];
}

void compare_handshakes(const std::shared_ptr<const autocert::sni_matcher>& many,
                        const std::shared_ptr<const autocert::sni_matcher>& one, std::size_t count) {
  handshakes with_many(many);
  handshakes with_one(one);
  const std::size_t hot = std::min(count, hot_count);
  const auto spread = [&](std::size_t i) { return name_of(i * (count / hot)); };
  std::vector<double> first;
  for (std::size_t i = 0; i < hot; ++i) first.push_back(with_many.once(spread(i)));
  for (std::size_t i = 0; i < hot; ++i) with_one.once(name_of(0));
  std::vector<double> of_many;
  std::vector<double> of_one;
  for (std::size_t i = 0; i < 10 * hot; ++i) {
    of_many.push_back(with_many.once(spread(i * 7 % hot)));
    of_one.push_back(with_one.once(name_of(0)));
  }
  fmt::print("handshake, first of its certificate  {:8.1f} us CPU of the server (median of {})\n",
             median(first), hot);
  fmt::print("handshake, {:>7} certificates        {:8.1f} us CPU of the server (median of {})\n", count,
             median(of_many), of_many.size());
  fmt::print("handshake, one certificate           {:8.1f} us CPU, ratio {:.3f}\n", median(of_one),
             median(of_many) / median(of_one));
}

void measure(const char* title, config::key_type type, std::size_t count, const std::string& folder) {
  const bundle_maker maker(type);
  fs::create_directories(folder);
  for (std::size_t i = 0; i < count; ++i)
    std::ofstream(folder + '/' + name_of(i) + ".pem") << maker.bundle(i);
  fmt::print("{}: {} certificates of two names, leaf {} bytes\n", title, count, maker.leaf_bytes());

  const std::size_t before = resident_bytes();
  const auto begin = steady::now();
  const double cpu_begin = cpu_microseconds();
  autocert::certificate_folder loaded(folder, 0);
  auto matcher = std::make_shared<const autocert::sni_matcher>();
  {
    const auto changes = loaded.scan();
    matcher = matcher->with(changes, {loaded.first()});
    if (changes.size() != count) std::exit(1);
  }
  fmt::print("load                                 {:8.0f} ms, {:.0f} ms CPU\n", milliseconds_since(begin),
             (cpu_microseconds() - cpu_begin) / 1e3);
  fmt::print("memory                               {:8.0f} bytes for each certificate\n",
             static_cast<double>(resident_bytes() - before) / static_cast<double>(count));

  const auto again = steady::now();
  if (!loaded.scan().empty()) std::exit(1);
  fmt::print("look again, nothing changed          {:8.0f} ms\n", milliseconds_since(again));
  std::ofstream(folder + '/' + name_of(count / 2) + ".pem") << maker.bundle(count + 1);
  const auto changed = loaded.scan();
  const auto swap = steady::now();
  matcher = matcher->with(changed, {loaded.first()});
  fmt::print("one certificate replaced             {:8.0f} us\n", milliseconds_since(swap) * 1e3);

  const std::vector<autocert::sni_matcher::change> single{
      {std::make_shared<const autocert::claimant>(), nullptr, loaded.first()}};
  compare_handshakes(matcher, autocert::sni_matcher().with(single, {loaded.first()}), count);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace cardea

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100'000;
  std::string folder = (cardea::fs::temp_directory_path() / "cardea-certificates-XXXXXX").string();
  if (count == 0 || ::mkdtemp(folder.data()) == nullptr) return 2;
  cardea::base::set_log_level(cardea::base::log_level::error);
  cardea::measure("ECDSA P-256", cardea::config::key_type::ec256, count, folder + "/ecdsa");
  cardea::measure("RSA 2048", cardea::config::key_type::rsa2048, count, folder + "/rsa");
  cardea::fs::remove_all(folder);
  return 0;
}
