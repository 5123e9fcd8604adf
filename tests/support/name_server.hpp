#pragma once

#include "base/address.hpp"
#include "tests/support/scratch_folder.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace cardea::tests {

/// A zone of a test's name server.
struct served_zone {
  std::string name;             ///< "." for the root
  std::string records = {};     ///< master file lines below the SOA and NS that every zone gets
  std::string statements = {};  ///< "allow-update { key k; };"
};

/// A TSIG key of a test's name server.
struct served_key {
  std::string name;
  std::string algorithm;
  std::string secret;  ///< base64
};

/// BIND on 127.0.0.1, authoritative and without recursion, in a folder of its
/// own; it dies with the test, also when the test is killed.
class name_server {
 public:
  /// `odd`: how it misbehaves, as named's option -T says it ("ednsformerr"); empty: not at all.
  explicit name_server(const std::vector<served_zone>& zones, const std::vector<served_key>& keys = {},
                       std::string odd = {});
  name_server(const name_server&) = delete;
  name_server& operator=(const name_server&) = delete;
  ~name_server();

  [[nodiscard]] base::address address() const;
  /// "127.0.0.1:PORT"
  [[nodiscard]] std::string text() const { return address().to_string(); }
  /// What it has logged so far.
  [[nodiscard]] std::string log() const;

  /// Queries are received by the kernel, and nobody answers.
  void pause() const;
  void go_on() const;

 private:
  [[nodiscard]] bool start();
  void stop() noexcept;

  test_support::scratch_folder folder_;
  std::string odd_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

/// A port of 127.0.0.1 that neither UDP nor TCP uses at this moment.
[[nodiscard]] std::uint16_t free_port();

}  // namespace cardea::tests
