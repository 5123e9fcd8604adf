#include "proxy/tls/stream.hpp"

#include <openssl/bio.h>
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
constexpr std::size_t record_plaintext_max = 16 * 1024;
static_assert(scratch_bytes >= plaintext_max + (plaintext_max / record_plaintext_max + 2) * 256);

}  // namespace

// The BIO between OpenSSL and the stream. Reads go to the socket directly (and
// so the stream learns of short reads); writes are collected, so that several
// records leave in one system call.
struct bio_callbacks {
  static stream& owner(BIO* bio) noexcept { return *static_cast<stream*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* data, int size) noexcept {
    stream& self = owner(bio);
    BIO_clear_retry_flags(bio);
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
  const int result = SSL_do_handshake(ssl_.get());
  const net::io state = result == 1 ? net::io::done : classify(result);
  // An alert of ours (no certificate, bad version) must still leave.
  const net::io sent = send_collected();
  return state == net::io::done && sent == net::io::failed ? net::io::failed : state;
}

bool stream::can_read() const noexcept {
  if (const_cast<stream*>(this)->socket_.events().readable) return true;
  if (!ssl_) return false;
  // A close_notify that came with the last bytes is an end that no further edge tells of.
  if ((SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0) return true;
  // What is pending may be a part of a record, of which nothing can be had before the rest is there.
  return !starved_ && SSL_has_pending(ssl_.get()) == 1;
}

net::io_result stream::read(char* data, std::size_t size) noexcept {
  if (!ssl_) return socket_.read(data, size);
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
  // A key update or an alert may have been answered.
  if (collected_ > 0 && send_collected() == net::io::failed) state = net::io::failed;
  if (total > 0) return {net::io::done, total};
  return {state, 0};
}

net::io_result stream::write(std::span<const std::string_view> pieces, bool last) noexcept {
  if (const net::io waiting = flush(); waiting != net::io::done) return {waiting, 0};
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

// Once only: a second SSL_shutdown would wait for the peer's.
void stream::collect_close_notify() noexcept {
  if (SSL_is_init_finished(ssl_.get()) != 1 || (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0)
    return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

void stream::end_session() noexcept {
  if (!ssl_) return;
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
  unsent_.release();
  unsent_begin_ = unsent_end_ = 0;
}

}  // namespace cardea::proxy::tls
