#include "proxy/http2/hpack_table.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace cardea::proxy::http2 {
namespace {

constexpr std::array<field_view, static_field_count> static_fields{{
    {":authority", ""},
    {":method", "GET"},
    {":method", "POST"},
    {":path", "/"},
    {":path", "/index.html"},
    {":scheme", "http"},
    {":scheme", "https"},
    {":status", "200"},
    {":status", "204"},
    {":status", "206"},
    {":status", "304"},
    {":status", "400"},
    {":status", "404"},
    {":status", "500"},
    {"accept-charset", ""},
    {"accept-encoding", "gzip, deflate"},
    {"accept-language", ""},
    {"accept-ranges", ""},
    {"accept", ""},
    {"access-control-allow-origin", ""},
    {"age", ""},
    {"allow", ""},
    {"authorization", ""},
    {"cache-control", ""},
    {"content-disposition", ""},
    {"content-encoding", ""},
    {"content-language", ""},
    {"content-length", ""},
    {"content-location", ""},
    {"content-range", ""},
    {"content-type", ""},
    {"cookie", ""},
    {"date", ""},
    {"etag", ""},
    {"expect", ""},
    {"expires", ""},
    {"from", ""},
    {"host", ""},
    {"if-match", ""},
    {"if-modified-since", ""},
    {"if-none-match", ""},
    {"if-range", ""},
    {"if-unmodified-since", ""},
    {"last-modified", ""},
    {"link", ""},
    {"location", ""},
    {"max-forwards", ""},
    {"proxy-authenticate", ""},
    {"proxy-authorization", ""},
    {"range", ""},
    {"referer", ""},
    {"refresh", ""},
    {"retry-after", ""},
    {"server", ""},
    {"set-cookie", ""},
    {"strict-transport-security", ""},
    {"transfer-encoding", ""},
    {"user-agent", ""},
    {"vary", ""},
    {"via", ""},
    {"www-authenticate", ""},
}};

constexpr std::size_t slot_count = 256;

constexpr std::size_t slot_of(std::string_view name) noexcept {
  const auto byte = [name](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(name[i])); };
  return (byte(0) * 7 + byte(name.size() - 1) * 31 + byte(name.size() / 2) * 3 + name.size() * 17) % slot_count;
}

// Open addressing, filled when this is compiled.
constexpr std::array<std::uint8_t, slot_count> make_slots() {
  std::array<std::uint8_t, slot_count> slots{};
  for (std::size_t i = 0; i < static_field_count; ++i) {
    if (i > 0 && static_fields[i].name == static_fields[i - 1].name) continue;
    std::size_t slot = slot_of(static_fields[i].name);
    while (slots[slot] != 0) slot = (slot + 1) % slot_count;
    slots[slot] = static_cast<std::uint8_t>(i + 1);
  }
  return slots;
}

constexpr std::array<std::uint8_t, slot_count> slots = make_slots();

}  // namespace

field_view static_field(std::size_t index) noexcept { return static_fields[index - 1]; }

std::size_t static_index_of(std::string_view name) noexcept {
  if (name.empty()) return 0;
  for (std::size_t slot = slot_of(name); slots[slot] != 0; slot = (slot + 1) % slot_count)
    if (static_fields[slots[slot] - 1U].name == name) return slots[slot];
  return 0;
}

field_view hpack_table::at(std::size_t position) const noexcept {
  const entry& found = nth(position);
  const char* text = text_.get() + found.offset;
  return {{text, found.name_size}, {text + found.name_size, found.value_size}};
}

void hpack_table::evict_to(std::size_t bytes) noexcept {
  while (bytes_ > bytes) {
    const entry& oldest = nth(count_ - 1);
    bytes_ -= entry_overhead + oldest.name_size + oldest.value_size;
    --count_;
  }
  if (count_ == 0) text_end_ = 0;
}

void hpack_table::clear() noexcept { evict_to(0); }

void hpack_table::resize(std::size_t bytes) noexcept {
  bytes_max_ = bytes;
  evict_to(bytes);
}

// The texts stand in the order of the entries; those that were evicted leave a gap before them.
void hpack_table::make_room(std::size_t text_bytes) {
  if (text_end_ + text_bytes <= capacity_) return;
  const std::size_t begin = count_ > 0 ? nth(count_ - 1).offset : text_end_;
  const std::size_t held = text_end_ - begin;
  std::size_t wanted = std::max<std::size_t>(capacity_, 512);
  while (wanted < 2 * (held + text_bytes)) wanted *= 2;
  wanted = std::min(wanted, 2 * bytes_possible);
  if (wanted > capacity_) {
    std::unique_ptr<char[]> larger(new char[wanted]);
    if (held > 0) std::memcpy(larger.get(), text_.get() + begin, held);
    text_ = std::move(larger);
    capacity_ = wanted;
  } else if (held > 0) {
    std::memmove(text_.get(), text_.get() + begin, held);
  }
  for (std::size_t i = 0; i < count_; ++i) {
    entry& moved = entries_[(first_ + entries_max - i) % entries_max];
    moved.offset = static_cast<std::uint16_t>(moved.offset - begin);
  }
  text_end_ = held;
}

void hpack_table::add(std::string_view name, std::string_view value) {
  const std::size_t size = entry_overhead + name.size() + value.size();
  if (size > bytes_max_) return clear();
  evict_to(bytes_max_ - size);
  if (!entries_) entries_.reset(new entry[entries_max]);
  make_room(name.size() + value.size());
  first_ = (first_ + 1) % entries_max;
  entries_[first_] = {static_cast<std::uint16_t>(text_end_), static_cast<std::uint16_t>(name.size()),
                      static_cast<std::uint16_t>(value.size())};
  // An entry may have neither name nor value, and then there may be no memory.
  char* const behind = std::copy(name.begin(), name.end(), text_.get() + text_end_);
  std::copy(value.begin(), value.end(), behind);
  text_end_ += name.size() + value.size();
  bytes_ += size;
  ++count_;
}

}  // namespace cardea::proxy::http2
