// Goal: coroutine frames are reused, and a crowd that has gone leaves no more behind than the bound.
#include "proxy/net/frame_pool.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

namespace cardea::proxy::net {
namespace {

// Each test has a thread, and so a pool, of its own.
void alone(void (*test)()) { std::thread(test).join(); }

TEST(frame_pool, gives_the_latest_frame_of_the_size_class_again) {
  alone([] {
    void* const first = frame_pool::allocate(300);
    void* const second = frame_pool::allocate(310);
    frame_pool::release(first, 300);
    frame_pool::release(second, 310);
    EXPECT_EQ(frame_pool::spare_bytes(), 2 * 384U);
    EXPECT_EQ(frame_pool::allocate(384), second);
    void* const other = frame_pool::allocate(385);
    EXPECT_NE(other, first);
    EXPECT_EQ(frame_pool::allocate(257), first);
    EXPECT_EQ(frame_pool::spare_bytes(), 0U);
    frame_pool::release(other, 385);
    frame_pool::release(first, 257);
    frame_pool::release(second, 384);
  });
}

TEST(frame_pool, keeps_no_more_than_its_bound_of_a_crowd) {
  alone([] {
    constexpr std::size_t size = 4096;
    std::vector<void*> crowd(frame_pool::spare_bytes_max / size + 100);
    for (void*& frame : crowd) std::memset(frame = frame_pool::allocate(size), 1, size);
    for (void* const frame : crowd) frame_pool::release(frame, size);
    EXPECT_EQ(frame_pool::spare_bytes(), frame_pool::spare_bytes_max);
    void* const frame = frame_pool::allocate(1);
    frame_pool::release(frame, 1);
    EXPECT_EQ(frame_pool::spare_bytes(), frame_pool::spare_bytes_max) << "what is beyond the bound goes";
  });
}

TEST(frame_pool, leaves_what_is_larger_than_its_classes_to_the_heap) {
  alone([] {
    void* const frame = frame_pool::allocate(9000);
    frame_pool::release(frame, 9000);
    EXPECT_EQ(frame_pool::spare_bytes(), 0U);
  });
}

}  // namespace
}  // namespace cardea::proxy::net
