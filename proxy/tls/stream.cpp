#include "proxy/tls/stream.hpp"

#include "proxy/tls/key_schedule.hpp"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace cardea::proxy::tls {
namespace {

// One write takes at most this much plaintext: its records, with their
// overhead, always fit the scratch and one pooled buffer.
constexpr std::size_t plaintext_max = 64 * 1024;
constexpr std::size_t scratch_bytes = net::buffer_pool::buffer_bytes;
static_assert(scratch_bytes >= plaintext_max + (plaintext_max / record_plaintext_max + 2) * 256);

// Of whole records, one behind the other.
std::uint64_t count_protected_records(std::string_view records) noexcept {
  std::uint64_t out = 0;
  while (const std::size_t size = record_layer::record_bytes(records).value_or(0)) {
    if (records.front() == static_cast<char>(content_type::application_data)) ++out;
    records.remove_prefix(std::min(size, records.size()));
  }
  return out;
}

}  // namespace

// The BIO between OpenSSL and the stream. Reads go to the socket directly (and
// so the stream learns of short reads); writes are collected, so that several
// records leave in one system call.
struct bio_callbacks {
  static stream& owner(BIO* bio) noexcept { return *static_cast<stream*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* data, int size) noexcept {
    stream& self = owner(bio);
    BIO_clear_retry_flags(bio);
    // OpenSSL would go on for as long as there is something to read.
    if (self.is_flooded()) return -1;
    // Until the handshake is done OpenSSL must not see what follows it: it gets what it asks for
    // from what one system call brought.
    if (self.secrets_ && self.received().empty()) {
      const net::io state = self.fill();
      if (state == net::io::blocked) BIO_set_retry_read(bio);
      if (state != net::io::done) return state == net::io::ended ? 0 : -1;
    }
    if (!self.received().empty()) {
      const std::size_t given = std::min(self.received().size(), static_cast<std::size_t>(size));
      std::memcpy(data, self.received().data(), given);
      self.drop_received(given);
      return static_cast<int>(given);
    }
    // A handshake asks again after each flight; what is known to be empty needs no system call.
    if (!self.socket_.events().readable) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const net::io_result got = self.socket_.read(data, static_cast<std::size_t>(size));
    if (got.state == net::io::done) return static_cast<int>(got.bytes);
    if (got.state == net::io::blocked) BIO_set_retry_read(bio);
    if (got.state == net::io::ended) {
      self.saw_fin_ = true;
      return 0;
    }
    return -1;
  }

  static int write(BIO* bio, const char* data, int size) noexcept {
    BIO_clear_retry_flags(bio);
    return owner(bio).collect(data, static_cast<std::size_t>(size)) ? size : -1;
  }

  // Called for the steps of a handshake, and after it for messages like KeyUpdate: never for data.
  static void observe(const SSL* session, int where, int) noexcept {
    if ((where & SSL_CB_LOOP) == 0) return;
    const OSSL_HANDSHAKE_STATE state = SSL_get_state(session);
    if (state != TLS_ST_SR_KEY_UPDATE && state != TLS_ST_CR_KEY_UPDATE) return;
    owner(SSL_get_rbio(session)).note_key_updates(1);
  }

  static long control(BIO* bio, int command, long, void*) noexcept {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return owner(bio).saw_fin_ ? 1 : 0;
    return 0;
  }

  static BIO_METHOD* method() {
    static BIO_METHOD* const instance = [] {
      BIO_METHOD* created = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "cardea stream");
      BIO_meth_set_read(created, read);
      BIO_meth_set_write(created, write);
      BIO_meth_set_ctrl(created, control);
      return created;
    }();
    return instance;
  }
};

void ssl_deleter::operator()(SSL* value) const noexcept { SSL_free(value); }

stream_resources::stream_resources(net::buffer_pool& pool)
    : buffers(pool), record_scratch(new char[scratch_bytes]) {}

stream::stream(net::event_loop& loop, stream_resources& resources) noexcept
    : socket_(loop), resources_(resources) {}

stream::~stream() = default;

void stream::start_tls(ssl_ptr session) noexcept {
  ssl_ = std::move(session);
  BIO* bio = BIO_new(bio_callbacks::method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  if (SSL_is_server(ssl_.get()) != 1) {
    SSL_set_info_callback(ssl_.get(), bio_callbacks::observe);
    return;
  }
  secrets_ = std::make_unique<handshake_secrets>();
  SSL_set_read_ahead(ssl_.get(), 0);
}

void stream::release_session() noexcept {
  if (!secrets_) return;
  const std::unique_ptr<handshake_secrets> secrets = std::move(secrets_);
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl_.get());
  const auto suite = SSL_version(ssl_.get()) == TLS1_3_VERSION && cipher != nullptr
                         ? cipher_suite_of(SSL_CIPHER_get_protocol_id(cipher))
                         : std::nullopt;
  const std::size_t size = suite ? hash_bytes(hash_of(*suite)) : 0;
  if (size == 0 || secrets->client().size() != size || secrets->server().size() != size) {
    // One read system call for a whole record instead of one for its header and one for the rest.
    SSL_set_read_ahead(ssl_.get(), 1);
    return;
  }
  records_ = std::make_unique<record_layer>(traffic_secret(*suite, secrets->client()),
                                            traffic_secret(*suite, secrets->server()), handshake_records_);
  ssl_.reset();
}

void stream::note_key_updates(unsigned count) noexcept {
  constexpr base::tick_ms minute = 60'000;
  const base::tick_ms now = socket_.loop().now();
  if (now - key_updates_since_ >= minute) {
    key_updates_since_ = now;
    key_updates_ = 0;
  }
  key_updates_ += count;
  if (is_flooded()) failure_ = "too many key updates";
}

bool stream::collect(const char* data, std::size_t size) noexcept {
  if (collected_ + size > scratch_bytes) return false;
  std::memcpy(resources_.record_scratch.get() + collected_, data, size);
  collected_ += size;
  return true;
}

// Ends every call that may have made records: what the kernel refuses moves to
// a buffer of the stream's own, because the scratch belongs to the next call.
net::io stream::send_collected() noexcept {
  const std::size_t size = std::exchange(collected_, 0);
  if (size == 0) return net::io::done;
  const char* data = resources_.record_scratch.get();
  std::size_t sent = 0;
  if (!has_unsent() && socket_.events().writable) {
    const iovec piece{const_cast<char*>(data), size};
    const net::io_result out = socket_.write(&piece, 1);
    if (out.state == net::io::failed) return net::io::failed;
    sent = out.bytes;
  }
  if (sent == size) return net::io::done;
  if (!unsent_) unsent_ = resources_.buffers.take();
  if (unsent_end_ + size - sent > net::buffer_pool::buffer_bytes) return net::io::failed;
  std::memcpy(unsent_.data() + unsent_end_, data + sent, size - sent);
  unsent_end_ += size - sent;
  return net::io::blocked;
}

net::io stream::flush() noexcept {
  if (!has_unsent()) return net::io::done;
  if (!socket_.events().writable) return net::io::blocked;
  const iovec piece{unsent_.data() + unsent_begin_, unsent_end_ - unsent_begin_};
  const net::io_result out = socket_.write(&piece, 1);
  if (out.state == net::io::failed) return net::io::failed;
  unsent_begin_ += out.bytes;
  if (has_unsent()) return net::io::blocked;
  unsent_begin_ = unsent_end_ = 0;
  unsent_.release();
  return net::io::done;
}

// OpenSSL's verdict on a call that did not succeed.
net::io stream::classify(int result) noexcept {
  const int verdict = SSL_get_error(ssl_.get(), result);
  switch (verdict) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return net::io::blocked;
    case SSL_ERROR_ZERO_RETURN:
      return net::io::ended;
    default:
      break;
  }
  if (const unsigned long code = ERR_peek_error(); code != 0) {
    const char* reason = ERR_reason_error_string(code);
    failure_ = reason != nullptr ? reason : "TLS failure";
    got_plain_http_ = ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST;
    if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
      failure_ = X509_verify_cert_error_string(SSL_get_verify_result(ssl_.get()));
    ERR_clear_error();
  }
  return net::io::failed;
}

net::io stream::handshake() noexcept {
  if (flush() == net::io::failed) return net::io::failed;
  ERR_clear_error();
  const int result = [&] {
    const secret_listener listener(secrets_.get());
    return SSL_do_handshake(ssl_.get());
  }();
  const net::io state = result == 1 ? net::io::done : classify(result);
  // What is sent behind the client's Finished, which is the last that was read, are session tickets
  // under the application's key.
  if (result == 1 && secrets_)
    handshake_records_ = count_protected_records({resources_.record_scratch.get(), collected_});
  // An alert of ours (no certificate, bad version) must still leave.
  const net::io sent = send_collected();
  return state == net::io::done && sent == net::io::failed ? net::io::failed : state;
}

bool stream::has_record() const noexcept {
  const auto size = record_layer::record_bytes(received());
  return !size || (*size > 0 && *size <= received().size());
}

bool stream::can_read() const noexcept {
  if (const_cast<stream*>(this)->socket_.events().readable) return true;
  if (records_) return ended_ || plain_begin_ != plain_end_ || has_record();
  if (!ssl_) return false;
  if (!received().empty()) return true;
  // A close_notify that came with the last bytes is an end that no further edge tells of.
  if ((SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0) return true;
  // What is pending may be a part of a record, of which nothing can be had before the rest is there.
  return !starved_ && SSL_has_pending(ssl_.get()) == 1;
}

net::io_result stream::read(char* data, std::size_t size) noexcept {
  if (records_) return read_records(data, size);
  return ssl_ ? read_tls(data, size) : socket_.read(data, size);
}

void stream::drop_received(std::size_t bytes) noexcept {
  received_begin_ += bytes;
  if (received_begin_ != received_end_) return;
  received_begin_ = received_end_ = 0;
  // A record that was opened in place is still read from there.
  if (plain_begin_ == plain_end_) received_.release();
}

net::io stream::fill() noexcept {
  if (!socket_.events().readable) return net::io::blocked;
  if (!received_) received_ = resources_.buffers.take();
  if (received_begin_ > 0) {
    std::memmove(received_.data(), received_.data() + received_begin_, received_end_ - received_begin_);
    received_end_ -= std::exchange(received_begin_, 0);
  }
  const net::io_result got =
      socket_.read(received_.data() + received_end_, net::buffer_pool::buffer_bytes - received_end_);
  received_end_ += got.bytes;
  if (got.state == net::io::ended) saw_fin_ = true;
  if (received_end_ == 0) received_.release();
  return got.state;
}

net::io_result stream::read_record(char* data, std::size_t size) noexcept {
  if (plain_begin_ != plain_end_) {
    const std::size_t given = std::min(size, plain_end_ - plain_begin_);
    std::memcpy(data, received_.data() + plain_begin_, given);
    plain_begin_ += given;
    drop_received(0);
    return {net::io::done, given};
  }
  if (ended_) return {net::io::ended};
  if (!has_record()) {
    const net::io state = fill();
    // A bare FIN is a truncation (U07).
    return {state == net::io::ended ? net::io::failed : state};
  }
  const auto record_size = record_layer::record_bytes(received());
  if (!record_size) {
    records_->refuse_record();
    failure_ = "a record longer than the protocol allows";
    return {net::io::failed};
  }
  const std::string_view record = received().substr(0, *record_size);
  // Into the caller's buffer when it has room for whatever the record may hold.
  char* const body = received_.data() + received_begin_ + record_header_bytes;
  const bool direct = size >= record.size();
  const record_layer::outcome outcome = records_->take(record, direct ? data : body);
  if (const unsigned count = records_->take_key_updates(); count > 0) note_key_updates(count);
  if (is_flooded()) return {net::io::failed};
  if (outcome.what == record_layer::event::data && !direct) {
    plain_begin_ = static_cast<std::size_t>(body - received_.data());
    plain_end_ = plain_begin_ + outcome.bytes;
  }
  drop_received(record.size());
  switch (outcome.what) {
    case record_layer::event::data:
      return {net::io::done, direct ? outcome.bytes : 0};
    case record_layer::event::nothing:
      return {net::io::done};
    case record_layer::event::ended:
      ended_ = true;
      return {net::io::ended};
    case record_layer::event::failed:
      break;
  }
  failure_ = records_->failure();
  return {net::io::failed};
}

net::io_result stream::read_records(char* data, std::size_t size) noexcept {
  std::size_t total = 0;
  net::io state = net::io::done;
  while (total < size && state == net::io::done) {
    const net::io_result got = read_record(data + total, size - total);
    total += got.bytes;
    state = got.state;
  }
  if (records_->has_answer()) {
    collect_answer();
    if (send_collected() == net::io::failed) state = net::io::failed;
  }
  if (total > 0) return {net::io::done, total};
  return {state, 0};
}

void stream::collect_answer() noexcept {
  if (collected_ + record_layer::answer_bytes_max > scratch_bytes) return;  // it stays owed
  collected_ += records_->seal_answer(resources_.record_scratch.get() + collected_);
}

net::io_result stream::read_tls(char* data, std::size_t size) noexcept {
  std::size_t total = 0;
  net::io state = net::io::done;
  while (total < size) {
    // OpenSSL asks the socket even when it is known to be empty.
    if (!can_read()) {
      state = net::io::blocked;
      break;
    }
    ERR_clear_error();
    const int got = SSL_read(ssl_.get(), data + total, static_cast<int>(size - total));
    if (got <= 0) {
      state = classify(got);
      starved_ = state == net::io::blocked;
      break;
    }
    starved_ = false;
    total += static_cast<std::size_t>(got);
  }
  if (is_flooded()) state = net::io::failed;
  // A key update or an alert may have been answered.
  if (collected_ > 0 && send_collected() == net::io::failed) state = net::io::failed;
  if (total > 0 && !is_flooded()) return {net::io::done, total};
  return {state, 0};
}

net::io_result stream::write(std::span<const std::string_view> pieces, bool last) noexcept {
  if (const net::io waiting = flush(); waiting != net::io::done) return {waiting, 0};
  if (records_) return write_records(pieces, last);
  return ssl_ ? write_tls(pieces, last) : write_clear(pieces);
}

net::io_result stream::write_clear(std::span<const std::string_view> pieces) noexcept {
  std::array<iovec, 4> list;
  std::size_t count = 0;
  for (const std::string_view piece : pieces.first(std::min(pieces.size(), list.size())))
    if (!piece.empty()) list[count++] = {const_cast<char*>(piece.data()), piece.size()};
  if (count == 0) return {net::io::done, 0};
  if (!socket_.events().writable) return {net::io::blocked, 0};
  return socket_.write(list.data(), count);
}

net::io_result stream::write_tls(std::span<const std::string_view> pieces, bool last) noexcept {
  std::size_t taken = 0;
  std::size_t offered = 0;
  for (std::string_view piece : pieces) {
    offered += piece.size();
    piece = piece.substr(0, plaintext_max - taken);
    while (!piece.empty()) {
      const std::size_t size = std::min(piece.size(), record_plaintext_max);
      ERR_clear_error();
      const int written = SSL_write(ssl_.get(), piece.data(), static_cast<int>(size));
      if (written <= 0) {
        static_cast<void>(classify(written));
        static_cast<void>(send_collected());
        return {net::io::failed, taken};
      }
      piece.remove_prefix(static_cast<std::size_t>(written));
      taken += static_cast<std::size_t>(written);
    }
  }
  if (last && taken == offered) collect_close_notify();
  if (send_collected() == net::io::failed) return {net::io::failed, taken};
  return {net::io::done, taken};
}

// Records are filled across pieces: a head and its body share one.
net::io_result stream::write_records(std::span<const std::string_view> pieces, bool last) noexcept {
  if (records_->has_answer()) collect_answer();
  std::size_t taken = 0;
  std::size_t offset = 0;  // in the first of the pieces that are left
  while (taken < plaintext_max && !pieces.empty()) {
    std::array<std::string_view, 8> parts;
    std::size_t count = 0;
    std::size_t room = std::min(record_plaintext_max, plaintext_max - taken);
    while (room > 0 && count < parts.size() && !pieces.empty()) {
      const std::string_view part = pieces.front().substr(offset, room);
      parts[count++] = part;
      room -= part.size();
      taken += part.size();
      offset += part.size();
      if (offset < pieces.front().size()) continue;
      pieces = pieces.subspan(1);
      offset = 0;
    }
    const std::span<const std::string_view> record(parts.data(), count);
    if (std::all_of(record.begin(), record.end(), [](std::string_view part) { return part.empty(); })) continue;
    const std::size_t size = records_->seal_data(record, resources_.record_scratch.get() + collected_);
    if (size == 0) return {net::io::failed, 0};
    collected_ += size;
  }
  if (last && pieces.empty()) collect_close_notify();
  if (send_collected() == net::io::failed) return {net::io::failed, taken};
  return {net::io::done, taken};
}

// Once only: a second SSL_shutdown would wait for the peer's.
void stream::collect_close_notify() noexcept {
  if (records_) {
    if (collected_ + record_layer::answer_bytes_max <= scratch_bytes)
      collected_ += records_->seal_close_notify(resources_.record_scratch.get() + collected_);
    return;
  }
  if (SSL_is_init_finished(ssl_.get()) != 1 || (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0)
    return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

void stream::end_session() noexcept {
  if (!is_tls()) return;
  collect_close_notify();
  static_cast<void>(send_collected());
}

void stream::shut_down_write() noexcept {
  end_session();
  if (!has_unsent()) socket_.shut_down_write();
}

void stream::close() noexcept {
  socket_.close();
  ssl_.reset();
  secrets_.reset();
  records_.reset();
  received_.release();
  received_begin_ = received_end_ = plain_begin_ = plain_end_ = 0;
  unsent_.release();
  unsent_begin_ = unsent_end_ = 0;
}

}  // namespace cardea::proxy::tls
