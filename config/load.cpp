#include "config/load.hpp"

#include "config/document.hpp"
#include "config/findings.hpp"
#include "config/listening.hpp"
#include "config/log_files.hpp"
#include "config/reader.hpp"
#include "config/scalars.hpp"
#include "config/route_references.hpp"
#include "config/sections/access_log.hpp"
#include "config/sections/link_group.hpp"
#include "config/sections/read_api.hpp"
#include "config/sections/read_autocert.hpp"
#include "config/sections/read_entrypoint.hpp"
#include "config/sections/read_error_pages.hpp"
#include "config/sections/read_inbound_mtls.hpp"
#include "config/sections/read_healthcheck.hpp"
#include "config/sections/read_match_domains.hpp"
#include "config/sections/read_notification.hpp"
#include "config/sections/read_route.hpp"
#include "config/sections/read_upgrade.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <tuple>

namespace cardea::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t includes_max = 1'000;

constexpr std::array<std::string_view, 1> refused_keys{"acl"};
constexpr std::array<std::string_view, 4> refused_providers{"docker", "agents", "proxmox", "maxmind"};

class loading {
 public:
  explicit loading(const load_options& options) : options_(options) {}

  void read_main_file(const std::string& path) {
    files_.push_back(path);
    auto text = options_.read(path);
    if (!text) {
      const bool is_missing = text.error() == base::make_error_code(base::errc::not_found);
      found_.error({errc::unreadable_file,
                    path,
                    {},
                    {},
                    is_missing ? "no such file; create it or name another one with --config"
                               : text.error().message()});
      return;
    }
    read_main(path, *text, true);
  }

  void read_main(const std::string& name, std::string_view text, bool is_file) {
    const document* main = parse(name, text);
    if (main == nullptr) return;
    const value root(found_, main->root, {main->file, main->root.at, {}}, false);
    const auto section = root.as_mapping();
    node nothing;
    nothing.kind = node_kind::mapping;
    mapping keys(section ? *section : value(found_, found_.keep(nothing), root.where(), false));
    if (!section && !root.is_null()) return;
    read_autocert_section(keys, name, is_file);
    read_keys(keys, name);
    keys.finish();
    if (is_file) read_pages(name);
    override_addresses();
    check_addresses();
    check_challenges();
    check_routes();
    add_link_groups(routes_, found_);
    check_rule_routes(routes_, found_);
    name_shared_hosts(routes_, loaded_.match_domains, found_);
    plan_checks();
    check_listening();
    check_log_files();
  }

  load_result finish() {
    load_result out;
    out.errors = in_file_order(found_.take_errors());
    out.warnings = in_file_order(found_.take_warnings());
    out.notes = in_file_order(found_.take_notes());
    for (placed_route& one : routes_) loaded_.routes.push_back(std::move(one.route));
    loaded_.files = files_;
    loaded_.folders = folders_;
    out.files = std::move(files_);
    out.folders = std::move(folders_);
    if (out.errors.empty()) out.loaded = std::move(loaded_);
    return out;
  }

 private:
  // As somebody reads who repairs one file after the other; what has no line comes last.
  [[nodiscard]] std::vector<issue> in_file_order(std::vector<issue> issues) const {
    const auto rank = [this](const issue& one) {
      const auto file = std::find(files_.begin(), files_.end(), one.file) - files_.begin();
      return std::tuple(file, one.at.line == 0, one.at.line, one.at.column);
    };
    std::stable_sort(issues.begin(), issues.end(),
                     [&](const issue& left, const issue& right) { return rank(left) < rank(right); });
    return issues;
  }

  // Nothing when the text is not a document; the reason is reported.
  const document* parse(const std::string& name, std::string_view text) {
    std::vector<issue> issues;
    document& parsed = documents_.emplace_back(parse_document(name, text, issues));
    // Duplicate keys leave a tree that can be looked through for more.
    const bool is_readable = std::all_of(issues.begin(), issues.end(),
                                         [](const issue& one) { return one.code == errc::duplicate; });
    if (is_readable) substitute_variables(parsed, options_.lookup, issues);
    for (issue& one : issues) found_.error(std::move(one));
    return is_readable ? &parsed : nullptr;
  }

  void read_keys(mapping& keys, const std::string& name) {
    if (const auto found = keys.take("inbound_mtls_profiles"))
      profiles_ = read_inbound_mtls(*found, pem_files());
    if (const auto found = keys.take("entrypoint")) loaded_.entrypoint = read_entrypoint(*found, profiles_);
    if (const auto found = keys.take("api")) loaded_.api = read_api(*found);
    if (const auto found = keys.take("match_domains")) loaded_.match_domains = read_match_domains(*found);
    if (const auto found = keys.take("timeout_shutdown")) read_timeout_shutdown(*found);
    if (const auto found = keys.take("upgrade")) loaded_.upgrade = read_upgrade(*found);
    keys.read("pid_file", loaded_.pid_file);
    if (const auto found = keys.take("defaults")) read_defaults(*found);
    if (const auto found = keys.take("routes")) add_routes(read_routes(*found, route_surroundings_now()));
    if (const auto found = keys.take("providers")) read_providers(*found, name);
    for (const std::string_view key : {"homepage", "webui"}) {
      const auto found = keys.take(key);
      if (found && !found->is_null())
        found_.note_once(key, {errc::unsupported, std::string(found->where().file), found->where().at,
                               found->where().path, "has no effect: there is no dashboard to show it"});
    }
    keys.refuse(refused_keys);
  }

  // GoDoxy has a number of seconds here; a duration says it better.
  void read_timeout_shutdown(const value& from) {
    constexpr std::chrono::seconds max = std::chrono::hours(1);
    const bool has_unit = from.tree().kind == node_kind::scalar && !parse_integer(from.tree().text);
    if (has_unit) {
      if (const auto parsed = from.duration(std::chrono::seconds(0), max))
        loaded_.timeout_shutdown = std::chrono::ceil<std::chrono::seconds>(*parsed);
    } else if (const auto parsed = from.integer(0, max.count())) {
      loaded_.timeout_shutdown = std::chrono::seconds(*parsed);
    }
  }

  void read_defaults(const value& from) {
    const auto section = from.as_mapping();
    if (!section) return;
    mapping keys(*section);
    if (const auto found = keys.take("healthcheck")) default_checks_ = read_healthcheck(*found);
    keys.finish();
  }

  void read_autocert_section(mapping& keys, const std::string& name, bool is_file) {
    const auto inline_section = keys.take("autocert");
    const bool is_given = inline_section && !inline_section->is_null();
    const std::string beside = (fs::path(name).parent_path() / "autocert.yml").string();
    const auto text =
        is_file ? options_.read(beside) : base::result<std::string>(base::error(base::errc::not_found));
    if (is_file && !is_given) files_.push_back(beside);
    if (is_given && text)
      inline_section->warn(fmt::format("{} is not read, because there is this section", printable(beside)));
    if (!is_given && !text && text.error() != base::make_error_code(base::errc::not_found))
      found_.error({errc::unreadable_file, beside, {}, {}, text.error().message()});
    const document* own_file = !is_given && text ? parse(beside, *text) : nullptr;
    if (own_file != nullptr) {
      loaded_.autocert =
          read_autocert(section_of(*own_file), options_.dns_provider_names, options_.check_request);
      return;
    }
    const place where = keys.place_of("autocert");
    const value absent(found_, nothing_, where, false);
    loaded_.autocert = read_autocert(is_given ? *inline_section : absent, options_.dns_provider_names,
                                     options_.check_request);
  }

  // The root itself, or what is below `autocert` when that is its only key.
  value section_of(const document& file) {
    const node& root = file.root;
    if (root.kind == node_kind::mapping && root.members.size() == 1 &&
        folded(root.members[0].key) == "autocert")
      return {found_, root.members[0].value, {file.file, root.members[0].value.at, "autocert"}, false};
    return {found_, root, {file.file, root.at, "autocert"}, false};
  }

  void read_providers(const value& from, const std::string& name) {
    const auto section = from.as_mapping();
    if (!section) return;
    mapping keys(*section);
    if (const auto found = keys.take("include")) read_includes(*found, fs::path(name).parent_path());
    if (const auto found = keys.take("notification")) loaded_.notifications = read_notifications(*found);
    keys.refuse(refused_providers);
    keys.finish();
  }

  void read_includes(const value& list, const fs::path& folder) {
    std::map<std::string, position> seen;
    const auto items = list.items();
    if (items.size() > includes_max)
      return list.fail(errc::limit_exceeded, fmt::format("more than {} files", includes_max));
    for (const value& item : items) {
      const auto name = item.text();
      if (!name || name->empty()) {
        if (name || item.is_null()) item.expected("the name of a route file");
        continue;
      }
      const std::string path = (folder / *name).lexically_normal().string();
      const auto [known, is_new] = seen.try_emplace(path, item.where().at);
      if (is_new)
        read_route_file(item, path);
      else
        item.fail(errc::duplicate, fmt::format("duplicate file, first at line {}, column {}",
                                               known->second.line, known->second.column));
    }
  }

  void read_route_file(const value& item, const std::string& path) {
    files_.push_back(path);
    const auto text = options_.read(path);
    if (!text) {
      const bool is_missing = text.error() == base::make_error_code(base::errc::not_found);
      item.fail(errc::unreadable_file,
                is_missing ? fmt::format("no such file: {} (names are relative to the folder of this file)",
                                         printable(path))
                           : fmt::format("{}: {}", printable(path), text.error().message()));
      return;
    }
    const document* file = parse(path, *text);
    if (file == nullptr) return;
    add_routes(read_routes(value(found_, file->root, {file->file, {1, 1}, {}}, false), route_surroundings_now()));
  }

  [[nodiscard]] route_surroundings route_surroundings_now() {
    return {profiles_, loaded_.entrypoint.client_cas != nullptr, pem_files()};
  }

  void read_pages(const std::string& name) {
    error_pages_section& section = loaded_.entrypoint.error_pages;
    if (section.folder.empty()) return;
    folders_.push_back(section.folder);
    auto files = read_error_page_files(section, options_.list, options_.read);
    if (files)
      section.files = std::move(*files);
    else
      found_.error({errc::unreadable_file, name, {}, "entrypoint.error_pages", files.error().message()});
  }

  // A change of such a file is a change of the configuration.
  [[nodiscard]] pem_source pem_files() {
    return [this](const std::string& path) {
      if (std::find(files_.begin(), files_.end(), path) == files_.end()) files_.push_back(path);
      return options_.read(path);
    };
  }

  void add_routes(std::vector<placed_route> routes) {
    for (placed_route& one : routes) {
      bool is_first = true;
      for (const std::string& name : names_of(one.route)) {
        const auto [known, is_new] = aliases_.try_emplace(name, one.route.source);
        if (!is_new) fail(one.where, errc::duplicate, fmt::format("duplicate route, first at {}", known->second));
        is_first = is_first && is_new;
      }
      if (is_first) routes_.push_back(std::move(one));
    }
  }

  void fail(const place& where, errc code, std::string text) {
    found_.error({code, std::string(where.file), where.at, where.path, std::move(text)});
  }

  void override_addresses() {
    override_address("HTTP_ADDR", loaded_.entrypoint.http_addr);
    override_address("HTTPS_ADDR", loaded_.entrypoint.https_addr);
    override_address("API_ADDR", loaded_.api.addr);
  }

  void override_address(const std::string& name, std::string& into) {
    for (const char* prefix : {"CARDEA_", "GODOXY_", "GOPROXY_"}) {
      const auto text = options_.lookup(prefix + name);
      if (!text || text->empty()) continue;
      node scalar;
      scalar.kind = node_kind::scalar;
      scalar.text = *text;
      const value item(found_, found_.keep(std::move(scalar)), {"environment", {}, prefix + name}, false);
      if (auto address = item.listen_address()) into = std::move(*address);
      return;
    }
  }

  void check_addresses() {
    const std::array<std::pair<std::string_view, std::string_view>, 3> all{
        {{"entrypoint.http_addr", loaded_.entrypoint.http_addr},
         {"entrypoint.https_addr", loaded_.entrypoint.https_addr},
         {"api.addr", loaded_.api.addr}}};
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = i + 1; j < all.size(); ++j) {
        const auto [path, text] = all[j];
        const auto parsed = parse_address(text);
        if (!parsed || parsed->port == 0 || text != all[i].second) continue;
        found_.error({errc::duplicate,
                      documents_.front().file,
                      {},
                      std::string(path),
                      fmt::format("{} is the address of {} already", text, all[i].first)});
      }
    }
  }

  void plan_checks() {
    for (placed_route& one : routes_) {
      one.route.checks = plan_of(one.route.healthcheck, default_checks_, one.route.backends.size() > 1);
      if (!is_stream(one.route.scheme)) continue;
      // A connection to a port that speaks who knows what would be a line in somebody's log.
      if (one.route.healthcheck.is_written() && one.route.checks.enabled)
        found_.warn({errc::unsupported, std::string(one.where.file), one.where.at, one.where.path + ".healthcheck",
                     "has no effect: routes of scheme tcp and udp are not probed"});
      one.route.checks.enabled = false;
    }
  }

  // What a listener has to answer needs a listener.
  void check_challenges() {
    std::vector<const certificate_request*> all{&loaded_.autocert.main};
    for (const certificate_request& extra : loaded_.autocert.extra) all.push_back(&extra);
    for (const certificate_request* each : all) {
      for (const challenge_type type : each->challenges) {
        const bool is_clear = type == challenge_type::http01;
        if (!is_clear && type != challenge_type::tls_alpn01) continue;
        const auto& address = is_clear ? loaded_.entrypoint.http_addr : loaded_.entrypoint.https_addr;
        if (!address.empty()) continue;
        const std::string_view key = is_clear ? "entrypoint.http_addr" : "entrypoint.https_addr";
        found_.warn({errc::invalid_value,
                     documents_.front().file,
                     {},
                     "autocert.challenge",
                     fmt::format("{}: {} is answered on {}, which is off", each->name, to_text(type), key)});
      }
    }
  }

  // A route that leads back to our own port would be a loop, or open the API to everybody.
  void check_routes() {
    for (const placed_route& one : routes_) {
      if (!one.is_sound) continue;  // an address that was not read is not the one that was meant
      if (one.route.scheme == route_scheme::udp) continue;  // no socket of ours on that port is UDP's but a route's
      for (const backend_entry& to : backends_of(one.route)) check_backend(one.where, to);
    }
  }

  void check_backend(const place& where, const backend_entry& to) {
    const bool is_local = to.host == "localhost" || to.host.starts_with("127.") || to.host == "::1";
    if (!is_local) return;
    for (const std::string& own :
         {loaded_.entrypoint.http_addr, loaded_.entrypoint.https_addr, loaded_.api.addr}) {
      const auto address = parse_address(own);
      if (!address || address->port != to.port || !accepts_loopback(address->host)) continue;
      return fail(where, errc::invalid_value, fmt::format("{}:{} is Cardea's own address", to.host, to.port));
    }
  }

  void check_listening() {
    std::vector<const placed_route*> sound;
    std::vector<const route_section*> sections;
    for (const placed_route& one : routes_) {
      if (!one.is_sound) continue;
      sound.push_back(&one);
      sections.push_back(&one.route);
    }
    find_listening_conflicts(loaded_, sections, [&](std::size_t index, std::string text) {
      fail(sound[index]->where, errc::duplicate, std::move(text));
    });
  }

  void check_log_files() {
    std::vector<const access_log_section*> sections{loaded_.entrypoint.access_log.get()};
    for (const placed_route& one : routes_) sections.push_back(one.route.access_log.get());
    find_log_conflicts(sections, [&](std::size_t index, std::string text) {
      place where = routes_[index - 1].where;
      where.path += ".access_log";
      fail(where, errc::duplicate, std::move(text));
    });
  }

  static bool accepts_loopback(std::string_view host) {
    return host.empty() || host == "0.0.0.0" || host == "::" || host == "::1" || host == "localhost" ||
           host.starts_with("127.");
  }

  const load_options& options_;
  findings found_;
  const node nothing_;
  std::deque<document> documents_;  // places point into them
  configuration loaded_;
  std::vector<std::string> files_;
  std::vector<std::string> folders_;
  std::vector<inbound_mtls_profile> profiles_;
  std::vector<placed_route> routes_;
  healthcheck_section default_checks_;
  std::map<std::string, std::string> aliases_;  // -> where the route is defined
};

}  // namespace

file_source disk() {
  return [](const std::string& path) -> base::result<std::string> {
    std::error_code failure;
    const auto status = fs::status(path, failure);
    if (status.type() == fs::file_type::not_found) return base::error(base::errc::not_found, "no such file");
    if (failure) return base::error(base::errc::io, failure.message());
    if (status.type() != fs::file_type::regular) return base::error(base::errc::io, "not a regular file");
    std::ifstream file(path, std::ios::binary);
    if (!file) return base::error(base::errc::io, std::strerror(errno));
    std::string text(document_limits{}.text_bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) return base::error(base::errc::io, "cannot be read");
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
  };
}

load_result load(const std::string& path, const load_options& options) {
  loading one(options);
  one.read_main_file(path);
  return one.finish();
}

load_result load_text(std::string name, std::string_view text, const load_options& options) {
  loading one(options);
  one.read_main(name, text, false);
  return one.finish();
}

}  // namespace cardea::config
