// Goal: no CA is asked more often than it allows, one that fails makes room for
// the next, and one bad name does not take the others down.
#include "autocert/retry.hpp"

#include <gmock/gmock.h>

namespace cardea::autocert {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const base::wall_time now = std::chrono::system_clock::from_time_t(1'800'000'000);
const std::vector<std::string> cas{"one", "two", "three"};
constexpr unsigned tries = 2;

failure_record after(const std::vector<issuer_failures>& failures) {
  failure_record out;
  out.issuers = failures;
  for (const auto& each : failures) out.in_row += each.count;
  return out;
}

setback of_kind(setback::kind is, std::optional<std::chrono::seconds> retry_after = {}) {
  return {is, retry_after, {}};
}

TEST(retry, b30_each_issuer_has_its_tries_and_then_the_next_one_is_asked) {
  failure_record record;
  std::vector<std::size_t> asked;
  for (int i = 0; i < 14; ++i) {
    const auto choice = choose_issuer(record, cas, tries, now);
    EXPECT_FALSE(choice.not_before);
    asked.push_back(choice.index);
    note_setback(record, cas[choice.index], {}, now, {});
  }
  EXPECT_THAT(asked, ElementsAre(0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2, 0, 0));
  EXPECT_EQ(choose_issuer({}, cas, tries, now).index, 0U) << "after a success the preferred one again";
}

TEST(retry, b30_an_issuer_that_is_not_to_be_asked_makes_room_at_once) {
  EXPECT_EQ(choose_issuer(after({{"one", 1, now + 1h}}), cas, tries, now).index, 1U);
  const auto all = after({{"one", 1, now + 3h}, {"two", 1, now + 1h}, {"three", 1, now + 2h}});
  EXPECT_EQ(choose_issuer(all, cas, tries, now).index, 1U) << "the first that may be asked again";
  EXPECT_EQ(choose_issuer(all, cas, tries, now).not_before, now + 1h);
  EXPECT_EQ(choose_issuer(all, cas, tries, now + 1h).not_before, std::nullopt);
  EXPECT_EQ(choose_issuer(after({{"gone", 9, now + 1h}}), cas, tries, now).index, 0U)
      << "one that is not configured any more";
}

TEST(retry, b23_the_time_that_a_ca_asks_for_is_kept_but_no_more_than_a_day) {
  for (const auto& [asked, kept] : {std::pair{90s, std::chrono::seconds(90s)},
                                    {std::chrono::seconds(24h), 24h},
                                    {std::chrono::seconds(1'000'000h), 24h}}) {
    failure_record record;
    note_setback(record, "one", of_kind(setback::kind::unreachable, asked), now, {});
    EXPECT_EQ(record.issuers.at(0).not_before, now + kept);
    note_setback(record, "one", {}, now, {});
    EXPECT_EQ(record.issuers.at(0).not_before, std::nullopt);
    EXPECT_EQ(record.issuers.at(0).count, 2U);
  }
}

TEST(retry, b24_a_limit_is_never_tried_again_within_an_hour) {
  failure_record record;
  note_setback(record, "one", of_kind(setback::kind::limited), now, {});
  EXPECT_EQ(record.issuers.at(0).not_before, now + 1h);
  note_setback(record, "one", of_kind(setback::kind::limited, 5s), now, {});
  EXPECT_EQ(record.issuers.at(0).not_before, now + 1h);
  note_setback(record, "one", of_kind(setback::kind::limited, 3h), now, {});
  EXPECT_EQ(record.issuers.at(0).not_before, now + 3h);
}

TEST(retry, b27_a_refusal_for_good_is_tried_again_daily) {
  const auto pause = [](std::optional<std::chrono::seconds> lives) {
    failure_record record;
    note_setback(record, "one", of_kind(setback::kind::lasting), now, lives);
    EXPECT_TRUE(record.issuers.at(0).lasting);
    return *record.issuers.at(0).not_before - now;
  };
  EXPECT_EQ(pause(std::nullopt), 24h);
  EXPECT_EQ(pause(90 * 24h), 24h);
  EXPECT_EQ(pause(30h), 10h) << "a short-lived one is not left without for a day";
  EXPECT_EQ(pause(5min), 15min);
}

TEST(retry, b26_a_failing_order_is_tried_out_but_never_only_tried_out) {
  std::vector<bool> rehearsed;
  for (unsigned count = 0; count < 10; ++count)
    rehearsed.push_back(wants_rehearsal(after({{"one", count}}), "one"));
  EXPECT_THAT(rehearsed, ElementsAre(false, false, true, true, false, true, true, true, false, true));
  EXPECT_FALSE(wants_rehearsal(after({{"one", 3}}), "two"));
  EXPECT_TRUE(forbids_order(of_kind(setback::kind::refused)));
  EXPECT_TRUE(forbids_order(of_kind(setback::kind::lasting)));
  EXPECT_FALSE(forbids_order(of_kind(setback::kind::unreachable))) << "says nothing about the order";
  EXPECT_FALSE(forbids_order(of_kind(setback::kind::limited)));
}

partial_order refused_b() {
  partial_order out;
  out.all = {"a", "b", "c"};
  out.refused = {"b"};
  out.lasting = true;
  out.failures_in_row = 1;
  return out;
}

TEST(retry, b28_the_other_names_are_ordered_without_those_that_were_refused) {
  partial_order wish = refused_b();
  EXPECT_THAT(names_without_refused(wish), ElementsAre("a", "c"));
  wish.lasting = false;
  EXPECT_THAT(names_without_refused(wish), IsEmpty()) << "it may pass";
  wish.failures_in_row = 2;
  EXPECT_THAT(names_without_refused(wish), ElementsAre("a", "c"));
  wish.refused = {};
  EXPECT_THAT(names_without_refused(wish), IsEmpty()) << "the CA did not tell";
  wish.refused = {"a", "b", "c"};
  EXPECT_THAT(names_without_refused(wish), IsEmpty()) << "nothing is left";
}

TEST(retry, b28_a_certificate_that_has_them_all_is_not_given_up_before_its_end_is_near) {
  partial_order wish = refused_b();
  wish.served = {"a", "b", "c"};
  EXPECT_THAT(names_without_refused(wish), IsEmpty());
  wish.due = true;
  EXPECT_THAT(names_without_refused(wish), IsEmpty());
  wish.near_end = true;
  EXPECT_THAT(names_without_refused(wish), ElementsAre("a", "c"));
}

TEST(retry, b28_a_certificate_without_the_refused_name_is_renewed_when_it_is_due) {
  partial_order wish = refused_b();
  wish.served = {"a", "c"};
  EXPECT_THAT(names_without_refused(wish), IsEmpty()) << "nothing would be gained";
  wish.due = true;
  EXPECT_THAT(names_without_refused(wish), ElementsAre("a", "c"));
  wish.due = false;
  wish.served = {"a"};
  EXPECT_THAT(names_without_refused(wish), ElementsAre("a", "c")) << "a new name that is good";
}

}  // namespace
}  // namespace cardea::autocert
