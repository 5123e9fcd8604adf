#include "config/document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <istream>
#include <optional>
#include <streambuf>
#include <unordered_map>

namespace cardea::config {
namespace {

position position_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

// Builds the tree from the parser's events rather than from YAML::Node: the
// events come in file order, show every key of a duplicate and leave the
// expansion of aliases, and with it the limits, to us.
class tree_builder final : public YAML::EventHandler {
 public:
  tree_builder(const std::string& file, std::vector<issue>& issues, const document_limits& limits)
      : file_(file), issues_(issues), limits_(limits) {}

  [[nodiscard]] bool is_stopped() const noexcept { return stopped_; }
  node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0)
      fail(errc::syntax, position_of(mark), "expected one YAML document, found several (---)");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    leaf(mark, anchor, node_kind::null, {}, {});
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    leaf(mark, anchor, node_kind::scalar, tag, value);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (stopped_) return;
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      return fail(errc::syntax, position_of(mark), "an alias within its own anchor");
    const anchored& original = found->second;
    if (!charge(position_of(mark), original.count, original.bytes, original.depth)) return;
    attach(original.value, position_of(mark), false);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, node_kind::sequence);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, node_kind::mapping);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct anchored {
    node value;
    std::size_t count = 1;
    std::size_t bytes = 0;
    std::size_t depth = 0;
  };

  struct frame {
    node value;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::size_t count_before = 0;
    std::size_t bytes_before = 0;
    std::size_t depth = 0;  // of the deepest collection within
    std::optional<std::string> key;
    position key_at;
    bool merging = false;
    std::vector<node> merged;
    std::unordered_map<std::string, position> seen;
  };

  void fail(errc code, position at, std::string text) {
    if (stopped_) return;
    stopped_ = true;  // one complaint: what follows would only repeat it
    issues_.push_back({code, file_, at, {}, std::move(text)});
  }

  bool charge(position at, std::size_t count, std::size_t bytes, std::size_t depth) {
    count_ += count;
    bytes_ += bytes;
    if (count_ > limits_.node_count_max)
      fail(errc::limit_exceeded, at, fmt::format("more than {} values", limits_.node_count_max));
    else if (bytes_ > limits_.scalar_bytes_max)
      fail(errc::limit_exceeded, at, fmt::format("more than {} bytes of values", limits_.scalar_bytes_max));
    else if (frames_.size() + depth > limits_.depth_max)
      fail(errc::limit_exceeded, at, fmt::format("nested more than {} deep", limits_.depth_max));
    return !stopped_;
  }

  bool accept_tag(const std::string& tag, position at) {
    // "?" is a plain scalar, "!" a quoted one.
    if (tag.empty() || tag == "?" || tag == "!" || tag.starts_with("tag:yaml.org,2002:")) return true;
    fail(errc::syntax, at, "tags (!name) are not supported");
    return false;
  }

  void leaf(const YAML::Mark& mark, YAML::anchor_t anchor, node_kind kind, const std::string& tag,
            const std::string& text) {
    const position at = position_of(mark);
    if (stopped_ || !accept_tag(tag, at) || !charge(at, 1, text.size(), 0)) return;
    node value;
    value.kind = kind;
    value.at = at;
    value.text = text;
    if (anchor != YAML::NullAnchor) anchors_[anchor] = {value, 1, text.size(), 0};
    attach(std::move(value), at, tag == "?");
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, node_kind kind) {
    const position at = position_of(mark);
    if (stopped_ || !accept_tag(tag, at) || !charge(at, 1, 0, 1)) return;
    frame next;
    next.value.kind = kind;
    next.value.at = at;
    next.anchor = anchor;
    next.count_before = count_ - 1;
    next.bytes_before = bytes_;
    frames_.push_back(std::move(next));
  }

  void close() {
    if (stopped_) return;
    frame done = std::move(frames_.back());
    frames_.pop_back();
    for (node& source : done.merged) merge(done, source);
    const std::size_t depth = done.depth + 1;
    if (!frames_.empty() && frames_.back().depth < depth) frames_.back().depth = depth;
    const position at = done.value.at;
    if (done.anchor != YAML::NullAnchor) {
      const std::size_t count = count_ - done.count_before;
      const std::size_t bytes = bytes_ - done.bytes_before;
      // The copy that is kept costs memory whether or not an alias follows.
      if (!charge(at, count, bytes, 0)) return;
      anchors_[done.anchor] = {done.value, count, bytes, depth};
    }
    attach(std::move(done.value), at, false);
  }

  void attach(node value, position at, bool plain) {
    if (frames_.empty()) {
      root_ = std::move(value);
      return;
    }
    frame& parent = frames_.back();
    if (parent.value.kind == node_kind::sequence) {
      parent.value.items.push_back(std::move(value));
    } else if (!parent.key) {
      begin_member(parent, std::move(value), at, plain);
    } else {
      end_member(parent, std::move(value), at);
    }
  }

  void begin_member(frame& parent, node key, position at, bool plain) {
    if (key.kind != node_kind::scalar || key.text.empty())
      return fail(errc::syntax, at, "a key must be text");
    if (key.text.size() > limits_.key_bytes_max)
      return fail(errc::limit_exceeded, at, fmt::format("a key longer than {} bytes", limits_.key_bytes_max));
    parent.merging = plain && key.text == "<<";
    parent.key = std::move(key.text);
    parent.key_at = at;
  }

  void end_member(frame& parent, node value, position at) {
    std::string key = std::move(*parent.key);
    parent.key.reset();
    if (parent.merging) return remember_merge(parent, std::move(value), at);
    const auto [known, is_new] = parent.seen.try_emplace(key, parent.key_at);
    if (!is_new) {
      issues_.push_back({errc::duplicate, file_, parent.key_at, path_to(key),
                         fmt::format("duplicate key, first at line {}, column {}", known->second.line,
                                     known->second.column)});
      return;
    }
    parent.value.members.push_back({std::move(key), parent.key_at, std::move(value)});
  }

  // REQUIRES: the mapping of `key` is the innermost frame.
  [[nodiscard]] std::string path_to(std::string_view key) const {
    std::string path;
    for (std::size_t i = 0; i + 1 < frames_.size(); ++i) {
      const frame& outer = frames_[i];
      path = outer.key ? child_path(path, *outer.key) : fmt::format("{}[{}]", path, outer.value.items.size());
    }
    return child_path(path, key);
  }

  void remember_merge(frame& parent, node value, position at) {
    if (value.kind == node_kind::mapping) {
      parent.merged.push_back(std::move(value));
      return;
    }
    bool usable = value.kind == node_kind::sequence;
    for (const node& item : value.items) usable = usable && item.kind == node_kind::mapping;
    if (!usable) return fail(errc::syntax, at, "expected a mapping or a list of mappings after \"<<\"");
    for (node& item : value.items) parent.merged.push_back(std::move(item));
  }

  // A key of the mapping itself wins over a merged one, an earlier merge over a later one.
  static void merge(frame& into, node& source) {
    for (member& one : source.members)
      if (into.seen.try_emplace(one.key, one.key_at).second) into.value.members.push_back(std::move(one));
  }

  const std::string& file_;
  std::vector<issue>& issues_;
  const document_limits& limits_;
  node root_;
  std::vector<frame> frames_;
  std::unordered_map<YAML::anchor_t, anchored> anchors_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  std::size_t documents_ = 0;
  bool stopped_ = false;
};

// Reads a view in place; the text may be megabytes.
class view_buffer final : public std::streambuf {
 public:
  explicit view_buffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

// YAML's complaint without what it quotes from the file: an unquoted password
// that begins with `*` would be the name of an anchor.
std::string complaint(const std::string& message) {
  return "invalid YAML: " + printable(std::string_view(message).substr(0, message.find(": ")));
}

// The only place where exceptions of yaml-cpp arrive.
std::optional<issue> run_parser(const std::string& file, std::string_view text, tree_builder& builder) {
  try {
    view_buffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    if (parser.HandleNextDocument(builder)) parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& failure) {
    return issue{errc::syntax, file, position_of(failure.mark), {}, complaint(failure.msg)};
  }
  return std::nullopt;
}

}  // namespace

document parse_document(std::string file, std::string_view text, std::vector<issue>& issues,
                        const document_limits& limits) {
  document out;
  out.file = std::move(file);
  if (text.size() > limits.text_bytes_max) {
    issues.push_back(
        {errc::limit_exceeded, out.file, {}, {}, fmt::format("larger than {} bytes", limits.text_bytes_max)});
    return out;
  }
  if (text.find('\0') != std::string_view::npos) {
    issues.push_back({errc::syntax, out.file, {}, {}, "invalid YAML: a NUL byte; is this a text file?"});
    return out;
  }
  tree_builder builder(out.file, issues, limits);
  auto failure = run_parser(out.file, text, builder);
  if (failure && !builder.is_stopped()) issues.push_back(std::move(*failure));
  out.root = builder.take_root();
  return out;
}

}  // namespace cardea::config
