#include "app/upgrade_command.hpp"

#include "app/commands.hpp"
#include "base/atomic_file.hpp"
#include "base/fetch_client.hpp"
#include "base/task_group.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <thread>

namespace cardea::app {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds look_again{100};
// Beyond what the process itself waits for the new one.
constexpr std::chrono::seconds more_patience{10};

/// What can be seen of the running process, from wherever it is asked.
struct sight {
  pid_t pid = 0;
  std::string version;  ///< empty when only the pid file is known
  std::string state;
  std::uint64_t attempts = 0;
  std::string error;
  std::vector<std::string> lines;
};

int fail(const std::string& why) {
  fmt::print(stderr, "{}\n", why);
  return 1;
}

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

std::string text_at(const json::object& from, std::string_view key) {
  const auto* const found = from.if_contains(json::string_view(key.data(), key.size()));
  return found != nullptr && found->is_string() ? std::string(found->get_string().c_str()) : std::string();
}

std::int64_t number_at(const json::object& from, std::string_view key) {
  const auto* const found = from.if_contains(json::string_view(key.data(), key.size()));
  return found != nullptr && found->is_int64() ? found->get_int64() : 0;
}

std::optional<sight> read_sight(const std::string& body) {
  boost::system::error_code failure;
  const json::value whole = json::parse(body, failure);
  if (failure || !whole.is_object()) return std::nullopt;
  const json::object& from = whole.get_object();
  sight out;
  out.pid = static_cast<pid_t>(number_at(from, "pid"));
  out.version = text_at(from, "version");
  const auto* const upgrade = from.if_contains("upgrade");
  if (out.pid <= 0 || upgrade == nullptr || !upgrade->is_object()) return std::nullopt;
  const json::object& about = upgrade->get_object();
  out.state = text_at(about, "state");
  out.attempts = static_cast<std::uint64_t>(number_at(about, "attempts"));
  out.error = text_at(about, "error");
  if (const auto* const lines = about.if_contains("last_lines"); lines != nullptr && lines->is_array())
    for (const json::value& each : lines->get_array())
      if (each.is_string()) out.lines.emplace_back(each.get_string().c_str());
  return out;
}

base::awaitable<void> fetch_into(base::fetch ask, base::fetch_request what,
                                 base::result<base::fetch_response>& into) {
  into = co_await ask(std::move(what));
}

/// The API of the process that runs, asked without waiting for long.
class api_view {
 public:
  explicit api_view(const std::string& addr) {
    const auto colon = addr.rfind(':');
    std::string host = addr.substr(0, colon);
    if (host.empty() || host == "0.0.0.0" || host == "[::]") host = "127.0.0.1";
    url_ = "http://" + host + addr.substr(colon) + "/api/v1/process";
  }

  [[nodiscard]] base::result<sight> look() const {
    base::asio::io_context context{1};
    base::fetch_client_options options;
    options.system_cas = false;
    options.idle_connections_max = 0;  // the next answer may be another process's
    const auto ask = base::make_fetch(options);
    if (!ask) return ask.error();
    base::fetch_request request;
    request.url = url_;
    request.timeout = std::chrono::seconds(2);
    base::result<base::fetch_response> answer = base::error(base::errc::io, "not asked");
    base::task_group tasks(context.get_executor(), base::logger("upgrade"));
    tasks.spawn(fetch_into(*ask, std::move(request), answer));
    context.run();
    if (!answer) return answer.error();
    if (auto out = read_sight(answer->body)) return std::move(*out);
    return base::error(base::errc::protocol, fmt::format("status {}, and nothing about its process", answer->status));
  }

 private:
  std::string url_;
};

/// The pid file: a failed upgrade shows as another file with the same number.
class file_view {
 public:
  explicit file_view(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] base::result<sight> look() const {
    constexpr std::size_t bytes_max = 64;
    struct stat found {};
    const auto text = base::read_file(path_, bytes_max);
    if (!text) return text.error();
    if (::stat(path_.c_str(), &found) != 0) return base::error(base::errc::io, path_ + " went away");
    sight out;
    const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), out.pid);
    if (failure != std::errc{} || out.pid <= 0) return base::error(base::errc::protocol, path_ + " holds no process's number");
    out.attempts = static_cast<std::uint64_t>(found.st_ino);
    out.state = "failed";
    out.error = "its log says why";
    return out;
  }

 private:
  std::string path_;
};

template <class View>
int follow(const View& view, const sight& before, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience + more_patience;
  std::string told;
  while (std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(look_again);
    const base::result<sight> now = view.look();
    if (!now) continue;  // in the moment of the change nobody may answer
    if (now->pid != before.pid) {
      say(fmt::format("process {} serves{}; process {} drains", now->pid,
                      now->version.empty() ? "" : " (cardea " + now->version + ")", before.pid));
      return 0;
    }
    if (now->attempts == before.attempts) continue;
    if (now->state == "failed") {
      for (const std::string& line : now->lines) fmt::print(stderr, "  {}\n", line);
      return fail(fmt::format("the new process did not start, process {} goes on: {}", now->pid, now->error));
    }
    if (now->state != told) say("the new process starts");
    told = now->state;
  }
  return fail(fmt::format("process {} says nothing of an upgrade; its log says why", before.pid));
}

template <class View>
int upgrade_by(const View& view, const sight& running, std::chrono::milliseconds patience) {
  if (running.state == "running" || running.state == "draining")
    return fail(fmt::format("an upgrade of process {} is under way", running.pid));
  if (running.pid == 1) return fail("process 1 of a container cannot be upgraded: the container ends with it, start another one");
  say(fmt::format("upgrading process {}{}", running.pid, running.version.empty() ? "" : " (cardea " + running.version + ")"));
  if (::kill(running.pid, SIGUSR2) != 0)
    return fail(fmt::format("process {} cannot be told: {}{}", running.pid, std::strerror(errno),
                            errno == EPERM ? "; run this as its user or as root" : ""));
  return follow(view, running, patience);
}

}  // namespace

int upgrade(const command_line& line) {
  base::set_log_level(base::log_level::warn);
  const config::load_result loaded = configuration_loader(line)();
  if (!loaded.loaded) {
    fmt::print(stderr, "{}", config::format_issues(loaded.errors));
    return fail("nothing is upgraded: the new process would not start with this configuration");
  }
  const config::configuration& from = *loaded.loaded;
  std::string reasons;
  if (!from.api.addr.empty()) {
    const api_view view(from.api.addr);
    const auto running = view.look();
    if (running) return upgrade_by(view, *running, from.upgrade.ready_timeout);
    reasons += "\n  api.addr " + from.api.addr + ": " + running.error().message();
  }
  if (!from.pid_file.empty()) {
    const file_view view(from.pid_file);
    auto running = view.look();
    if (running) running->state.clear();
    if (running) return upgrade_by(view, *running, from.upgrade.ready_timeout);
    reasons += "\n  pid_file: " + running.error().message();
  }
  if (reasons.empty()) reasons = "\n  api.addr is off, and there is no pid_file: one of them is needed";
  return fail("no running process is found:" + reasons);
}

}  // namespace cardea::app
