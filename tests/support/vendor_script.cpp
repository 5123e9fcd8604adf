#include "tests/support/vendor_script.hpp"

#include "base/async.hpp"
#include "dnsproviders/registry.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <optional>

namespace cardea::test_support {
namespace {

// Objects in one form, whatever the order of their members.
std::string canonical(const std::string& text) {
  boost::system::error_code failure;
  const boost::json::value value = boost::json::parse(text, failure);
  if (failure) return text;
  const std::function<std::string(const boost::json::value&)> print = [&](const boost::json::value& from) {
    if (from.is_object()) {
      std::map<std::string, std::string> members;
      for (const auto& [name, member] : from.get_object()) members[name] = print(member);
      std::string out = "{";
      for (const auto& [name, member] : members) out += name + ":" + member + ",";
      return out + "}";
    }
    if (!from.is_array()) return boost::json::serialize(from);
    std::string out = "[";
    for (const auto& each : from.get_array()) out += print(each) + ",";
    return out + "]";
  };
  return print(value);
}

std::string header_of(const base::fetch_request& from, const std::string& name) {
  for (const base::http_field& each : from.headers)
    if (each.name == name) return each.value;
  return "(none)";
}

}  // namespace

dnsproviders::challenge_record make_record(std::string_view value) {
  return {std::string(record_name), std::string(value), "www.example.com", "token-of-the-ca",
          "token-of-the-ca.thumbprint"};
}

struct vendor_play::stage {
  vendor_script script;
  std::deque<exchange> expected;
  std::vector<base::fetch_request> requests;
  std::vector<double> sleeps;
  std::optional<base::error> no_answer;  ///< instead of answers
  std::unique_ptr<dnsproviders::provider> provider;

  void compare(const base::fetch_request& got, const exchange& wanted) const {
    const bool is_absolute = wanted.url.starts_with("http");
    EXPECT_EQ(got.method + " " + got.url,
              wanted.method + " " + (is_absolute ? "" : script.api_url) + wanted.url);
    if (wanted.body != "*")
      EXPECT_EQ(canonical(got.body), canonical(wanted.body)) << wanted.method << " " << wanted.url;
    else
      EXPECT_TRUE(script.verify) << "nobody looks at " << got.body;
    for (const base::http_field& each : script.headers)
      EXPECT_EQ(header_of(got, each.name), each.value)
          << each.name << " of " << wanted.method << " " << wanted.url;
    if (script.verify) script.verify(got);
  }

  base::awaitable<base::result<base::fetch_response>> answer(base::fetch_request got) {
    requests.push_back(got);
    if (no_answer) co_return *no_answer;
    if (expected.empty()) {
      ADD_FAILURE() << "a request too many: " << got.method << " " << got.url << "\n" << got.body;
      co_return base::error(base::errc::protocol, "nothing is scripted");
    }
    const exchange next = expected.front();
    expected.pop_front();
    compare(got, next);
    base::fetch_response out;
    out.status = next.status;
    out.body = next.answer;
    out.headers = next.answer_headers;
    co_return out;
  }

  base::awaitable<void> sleep(std::chrono::steady_clock::duration duration) {
    sleeps.push_back(std::chrono::duration<double>(duration).count());
    co_return;
  }
  base::awaitable<base::result<std::string>> find_zone(std::string) { co_return script.zone; }

  void build() {
    std::map<std::string, base::secret> options{{"api_url", base::secret(script.api_url)}};
    for (const auto& [key, value] : script.options) options.insert_or_assign(key, base::secret(value));
    dnsproviders::services with{[this](base::fetch_request got) { return answer(std::move(got)); },
                                base::dns_resolver::create({"127.0.0.1:1"}).value()};
    with.sleep = [this](std::chrono::steady_clock::duration duration) { return sleep(duration); };
    with.now = [] { return base::wall_time(std::chrono::seconds(script_time)); };
    with.find_zone = [this](std::string name) { return find_zone(std::move(name)); };
    const auto nothing = [](const std::string&) { return std::optional<std::string>(); };
    auto made = dnsproviders::make_provider(script.provider, options, nothing, std::move(with));
    if (made)
      provider = std::move(*made);
    else
      ADD_FAILURE() << made.error().message();
  }

  base::result<void> run(bool presents, std::vector<exchange> script_part,
                         dnsproviders::challenge_record record) {
    if (!provider) return base::error(base::errc::invalid_argument, "there is no provider");
    expected.assign(script_part.begin(), script_part.end());
    base::asio::io_context context;
    base::result<void> out = base::error(base::errc::timed_out, "the provider did not end");
    auto work = presents ? provider->present(std::move(record)) : provider->clean_up(std::move(record));
    base::asio::co_spawn(context, std::move(work),
                         [&](const std::exception_ptr& thrown, base::result<void> result) {
                           if (thrown) std::rethrow_exception(thrown);
                           out = std::move(result);
                         });
    context.run();
    return out;
  }
};

vendor_play::vendor_play(vendor_script script) : stage_(std::make_unique<stage>()) {
  stage_->script = std::move(script);
  stage_->build();
}
vendor_play::~vendor_play() = default;

base::result<void> vendor_play::present(std::vector<exchange> expected,
                                        dnsproviders::challenge_record record) {
  auto out = stage_->run(true, std::move(expected), std::move(record));
  EXPECT_EQ(stage_->expected.size(), 0U)
      << "requests that did not come; the next one: " << stage_->expected.front().url;
  return out;
}

base::result<void> vendor_play::clean_up(std::vector<exchange> expected,
                                         dnsproviders::challenge_record record) {
  auto out = stage_->run(false, std::move(expected), std::move(record));
  EXPECT_EQ(stage_->expected.size(), 0U)
      << "requests that did not come; the next one: " << stage_->expected.front().url;
  return out;
}

base::result<void> vendor_play::present_unanswered(base::error why) {
  stage_->no_answer = std::move(why);
  return stage_->run(true, {}, make_record());
}

const std::vector<base::fetch_request>& vendor_play::requests() const { return stage_->requests; }
const std::vector<double>& vendor_play::sleeps() const { return stage_->sleeps; }

namespace {

void expect_sentence(const base::result<void>& outcome, const vendor_script& script, std::string_view what) {
  ASSERT_FALSE(outcome) << what << " passed for success";
  const std::string sentence = outcome.error().message();
  EXPECT_NE(sentence.find(script.provider), std::string::npos)
      << what << " does not name the provider: " << sentence;
  EXPECT_LT(sentence.size(), 600U) << what;
  const auto metadata = dnsproviders::find_provider(script.provider);
  ASSERT_TRUE(metadata);
  for (const dnsproviders::option_spec& each : (*metadata)->options) {
    const auto given = script.options.find(std::string(each.key));
    if (!each.secret || given == script.options.end()) continue;
    EXPECT_EQ(sentence.find(given->second), std::string::npos)
        << what << " shows " << each.key << ": " << sentence;
  }
}

std::string all_options(const vendor_script& script) {
  std::string out;
  for (const auto& [key, value] : script.options) out += value + " ";
  return out;
}

}  // namespace

std::string refusal_of_options(const std::string& provider,
                               const std::map<std::string, std::string>& options) {
  std::map<std::string, base::secret> given;
  for (const auto& [key, value] : options) given.insert_or_assign(key, base::secret(value));
  const auto no_traffic = [](base::fetch_request) -> base::awaitable<base::result<base::fetch_response>> {
    ADD_FAILURE() << "a request while the options are read";
    co_return base::error(base::errc::protocol);
  };
  const auto nothing = [](const std::string&) { return std::optional<std::string>(); };
  auto made = dnsproviders::make_provider(provider, given, nothing,
                                          {no_traffic, base::dns_resolver::create({"127.0.0.1:1"}).value()});
  return made ? "" : made.error().message();
}

void check_vendor(const vendor_script& script) {
  {
    SCOPED_TRACE("from present to clean-up");
    vendor_play play(script);
    const auto presented = play.present(script.present);
    EXPECT_TRUE(presented) << presented.error().message();
    const auto cleaned = play.clean_up(script.clean_up);
    EXPECT_TRUE(cleaned) << cleaned.error().message();
  }
  ASSERT_FALSE(script.present.empty());
  const exchange& first = script.present.front();
  {
    SCOPED_TRACE("429");
    vendor_play play(script);
    std::vector<exchange> with_wait = script.present;
    exchange busy = first;
    busy.status = 429;
    busy.answer = R"({"message":"slow down"})";
    busy.answer_headers = {{"Retry-After", "7"}};
    with_wait.insert(with_wait.begin(), busy);
    const auto presented = play.present(with_wait);
    EXPECT_TRUE(presented) << presented.error().message();
    ASSERT_FALSE(play.sleeps().empty());
    EXPECT_EQ(play.sleeps().front(), 7.0);
  }
  {
    SCOPED_TRACE("wrong credentials");
    vendor_play play(script);
    exchange refused = first;
    refused.status = 403;
    refused.answer = R"({"message":"not allowed: )" + all_options(script) + R"("})";
    expect_sentence(play.present({refused}), script, "wrong credentials");
  }
  {
    SCOPED_TRACE("a broken server");
    vendor_play play(script);
    std::vector<exchange> broken;
    exchange wrong = first;
    wrong.status = 500;
    wrong.answer = "<html>" + all_options(script) + "</html>";
    // Reads are tried again; a write is not, because its outcome is unknown.
    const bool repeatable = first.method == "GET" || first.method == "DELETE";
    broken.assign(repeatable ? 4 : 1, wrong);
    expect_sentence(play.present(broken), script, "a broken server");
  }
  {
    SCOPED_TRACE("no answer");
    vendor_play play(script);
    expect_sentence(play.present_unanswered({base::errc::timed_out, "connect " + script.api_url}), script,
                    "no answer");
  }
}

}  // namespace cardea::test_support
