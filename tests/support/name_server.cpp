#include "tests/support/name_server.hpp"

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace cardea::tests {
namespace {

using namespace std::chrono_literals;

constexpr int starts_max = 5;
constexpr auto patience = 20s;

std::string file_of(const std::string& zone) { return zone == "." ? "root.zone" : zone + ".zone"; }

void write_file(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

bool bind_to(int kind, std::uint16_t& port) {
  const int descriptor = socket(AF_INET, kind | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  where.sin_port = htons(port);
  socklen_t size = sizeof where;
  const bool good = bind(descriptor, reinterpret_cast<sockaddr*>(&where), size) == 0 &&
                    getsockname(descriptor, reinterpret_cast<sockaddr*>(&where), &size) == 0;
  port = ntohs(where.sin_port);
  close(descriptor);
  return good;
}

[[noreturn]] void become(const std::string& program, const std::string& folder, const std::string& odd) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  close_range(3, ~0U, 0);
  const std::string config = folder + "/named.conf";
  const std::string log = folder + "/named.log";
  execl(program.c_str(), "named", "-f", "-n", "1", "-c", config.c_str(), "-L", log.c_str(),
        odd.empty() ? nullptr : "-T", odd.c_str(), nullptr);
  _exit(127);
}

}  // namespace

std::uint16_t free_port() {
  for (int tries = 0; tries < 100; ++tries) {
    std::uint16_t port = 0;
    if (bind_to(SOCK_STREAM, port) && bind_to(SOCK_DGRAM, port)) return port;
  }
  ADD_FAILURE() << "no free port";
  return 0;
}

name_server::name_server(const std::vector<served_zone>& zones, const std::vector<served_key>& keys,
                         std::string odd)
    : odd_(std::move(odd)) {
  std::ostringstream text;
  for (const served_key& each : keys)
    text << "key \"" << each.name << "\" { algorithm " << each.algorithm << "; secret \"" << each.secret
         << "\"; };\n";
  for (const served_zone& each : zones) {
    text << "zone \"" << each.name << "\" { type primary; file \"" << file_of(each.name) << "\"; "
         << each.statements << " };\n";
    write_file(folder_ / file_of(each.name),
               "$TTL 1\n@ SOA ns hostmaster 1 3600 600 86400 1\n@ NS ns\nns A 127.127.127.53\n" + each.records);
  }
  write_file(folder_ / "zones.conf", text.str());
  // A copy: AppArmor confines the installed one to its own folders.
  std::filesystem::copy_file("/usr/sbin/named", folder_ / "named");
  // Somebody else may take the port between the search and the start.
  for (int starts = 0; starts < starts_max; ++starts) {
    if (start()) return;
    stop();
  }
  ADD_FAILURE() << "the name server does not start: " << log();
}

bool name_server::start() {
  port_ = free_port();
  const std::string& folder = folder_.path();
  std::ostringstream text;
  text << "options { directory \"" << folder << "\"; pid-file \"" << folder << "/pid\"; session-keyfile \""
       << folder << "/session.key\"; managed-keys-directory \"" << folder << "\"; listen-on port " << port_
       << " { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; dnssec-validation no; notify no;"
       << " empty-zones-enable no; minimal-responses yes; };\ncontrols { };\ninclude \"" << folder
       << "/zones.conf\";\n";
  write_file(folder_ / "named.conf", text.str());
  const std::string program = folder_ / "named";
  pid_ = fork();
  if (pid_ == 0) become(program, folder, odd_);
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    const std::string so_far = log();
    if (so_far.find("could not listen") != std::string::npos) return false;
    if (so_far.find(" running\n") != std::string::npos) return true;
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return false;
    }
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

void name_server::stop() noexcept {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

name_server::~name_server() { stop(); }

base::address name_server::address() const { return base::address::from_parts("127.0.0.1", port_).value(); }

std::string name_server::log() const {
  std::ifstream file(folder_ / "named.log");
  return {std::istreambuf_iterator<char>(file), {}};
}

void name_server::pause() const {
  kill(pid_, SIGSTOP);
  waitpid(pid_, nullptr, WUNTRACED);  // it may run on for a moment on another core
}
void name_server::go_on() const { kill(pid_, SIGCONT); }

}  // namespace cardea::tests
