#pragma once

#include "api/server.hpp"
#include "tests/support/scripted_control.hpp"
#include "tests/support/scripted_health.hpp"

#include <gtest/gtest.h>
#include <boost/asio/post.hpp>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace cardea::api {

/// An API server on its own control thread and a free port, stopped and joined at the end.
class running_server {
 public:
  explicit running_server(limits maximums = {}, std::string addr = "127.0.0.1:0") {
    server_ = std::make_unique<server>(context_.get_executor(), settings{std::move(addr), "1.2.3", maximums},
                                       control_, health_);
    base::asio::co_spawn(context_, live(), [this](std::exception_ptr failure) {
      EXPECT_EQ(failure, nullptr);
      ended_ = true;
      if (!listening_) ready_.set_value(false);
    });
    thread_ = std::thread([this] { context_.run(); });
    EXPECT_TRUE(ready_.get_future().get()) << failure_;
  }
  running_server(const running_server&) = delete;
  running_server& operator=(const running_server&) = delete;
  ~running_server() {
    stop();
    EXPECT_TRUE(ended_) << "run() returns after stop()";
  }

  void stop() {
    if (!thread_.joinable()) return;
    on_control([this] { server_->stop(); });
    thread_.join();
  }

  /// Runs `call` on the control thread and waits for it.
  template <class Call>
  void on_control(Call call) {
    std::promise<void> done;
    boost::asio::post(context_, [&] {
      call();
      done.set_value();
    });
    done.get_future().get();
  }

  /// Waits until the scripted control has been asked for `count` renewals.
  [[nodiscard]] bool wait_for_force(int count) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < until) {
      int seen = 0;
      on_control([&] { seen = control_.forced_count; });
      if (seen >= count) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
  }

  void finish(std::vector<autocert::renewal_outcome> outcomes) {
    on_control([&] { control_.finish(std::move(outcomes)); });
  }

  [[nodiscard]] tests::scripted_control& control() { return control_; }
  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  base::awaitable<void> live() {
    auto bound = co_await server_->listen();
    if (!bound) {
      failure_ = bound.error().message();
      co_return;
    }
    port_ = server_->port();
    listening_ = true;
    ready_.set_value(true);
    co_await server_->run();
  }

  base::asio::io_context context_{1};
  tests::scripted_control control_;
  tests::scripted_health health_;
  std::unique_ptr<server> server_;
  std::promise<bool> ready_;
  std::string failure_;
  std::uint16_t port_ = 0;
  bool listening_ = false;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace cardea::api
