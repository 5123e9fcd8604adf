#include "bench/load/loads.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <string>

namespace {

namespace bench = cardea::bench;

CLI::App* add_load(CLI::App& app, const std::string& name, const std::string& what, bench::target& to) {
  CLI::App* const load = app.add_subcommand(name, what);
  load->add_option("--port", to.port, "of 127.0.0.1")->required();
  load->add_option("--name", to.name, "SNI and Host")->required();
  load->add_option("--path", to.path);
  load->add_option("--connections", to.connections)->check(CLI::Range(1, 1'000'000));
  load->add_option_function<double>(
      "--seconds", [&to](double seconds) { to.time = std::chrono::milliseconds(static_cast<int>(seconds * 1'000)); },
      "how long; for idle: to open them all in");
  return load;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Loads for a TLS proxy on 127.0.0.1; each prints one line of JSON");
  app.require_subcommand(1);
  bench::target to;
  double rate = 1'000;
  bool resumes = false;
  std::size_t bytes = 128;
  std::size_t count = 10'000;
  std::string folder;
  CLI::App* const open = add_load(app, "open", "requests at a fixed rate; latency from when each was due", to);
  open->add_option("--rate", rate, "requests a second")->check(CLI::Range(1.0, 1e6));
  CLI::App* const idle = add_load(app, "idle", "holds connections until stdin ends", to);
  CLI::App* const handshakes = add_load(app, "handshakes", "a connection for each request", to);
  handshakes->add_flag("--resume", resumes, "with tickets");
  handshakes->add_option("--names", to.names, "SNI and Host are siteN.NAME, N below this");
  CLI::App* const echo = add_load(app, "echo", "WebSocket messages", to);
  echo->add_option("--bytes", bytes, "of a message")->check(CLI::Range(1, 65'535));
  CLI::App* const certificates = app.add_subcommand("certificates", "writes bundles siteN.pem");
  certificates->add_option("--folder", folder)->required();
  certificates->add_option("--name", to.name)->required();
  certificates->add_option("--count", count);
  CLI11_PARSE(app, argc, argv);
  if (open->parsed()) return bench::open_loop(to, rate);
  if (idle->parsed()) return bench::idle(to);
  if (handshakes->parsed()) return bench::handshakes(to, resumes);
  if (echo->parsed()) return bench::echo(to, bytes);
  return bench::make_certificates(folder, count, to.name);
}
