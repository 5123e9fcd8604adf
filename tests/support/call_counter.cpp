// Counts what a program asks of the system, for tests that hold it to a budget.
//
// Loaded with LD_PRELOAD; the program does not know. At a normal exit the file
// named by CALL_COUNTER_OUTPUT gets one line for each kind: "name count". Calls
// are counted in all threads together; who wants those of one piece of work
// runs the program twice, with and without it, and subtracts.
#include <dlfcn.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

extern "C" {
// glibc's own names: no look-up, which itself would allocate.
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

enum kind { allocation, lock, receive, send_call, wait_call, watch_call, option_call, kinds };
constexpr const char* names[kinds] = {"allocation", "lock", "receive", "send", "wait", "watch", "option"};
std::atomic<unsigned long> counts[kinds];

void count(kind what) { counts[what].fetch_add(1, std::memory_order_relaxed); }

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

struct report {
  ~report() {
    const char* path = std::getenv("CALL_COUNTER_OUTPUT");
    std::FILE* out = path != nullptr ? std::fopen(path, "w") : nullptr;
    if (out == nullptr) return;
    for (int each = 0; each < kinds; ++each) std::fprintf(out, "%s %lu\n", names[each], counts[each].load());
    std::fclose(out);
  }
} at_exit;

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
  count(allocation);
  return __libc_malloc(size);
}
void* calloc(std::size_t items, std::size_t size) {
  count(allocation);
  return __libc_calloc(items, size);
}
void* realloc(void* old, std::size_t size) {
  count(allocation);
  return __libc_realloc(old, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count(allocation);
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  count(allocation);
  *out = __libc_memalign(alignment, size);
  return *out != nullptr ? 0 : 12;
}

#define COUNTED(kind, result, name, parameters, arguments)       \
  result name parameters {                                       \
    static auto* const real = next<result parameters>(#name);    \
    count(kind);                                                 \
    return real arguments;                                       \
  }

COUNTED(lock, int, pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
COUNTED(lock, int, pthread_rwlock_rdlock, (pthread_rwlock_t * lock_), (lock_))
COUNTED(lock, int, pthread_rwlock_wrlock, (pthread_rwlock_t * lock_), (lock_))
COUNTED(receive, ssize_t, recv, (int fd, void* data, std::size_t size, int flags), (fd, data, size, flags))
COUNTED(receive, ssize_t, recvmsg, (int fd, msghdr* message, int flags), (fd, message, flags))
COUNTED(receive, ssize_t, read, (int fd, void* data, std::size_t size), (fd, data, size))
COUNTED(receive, ssize_t, readv, (int fd, const iovec* pieces, int pieces_count), (fd, pieces, pieces_count))
COUNTED(send_call, ssize_t, send, (int fd, const void* data, std::size_t size, int flags), (fd, data, size, flags))
COUNTED(send_call, ssize_t, sendmsg, (int fd, const msghdr* message, int flags), (fd, message, flags))
COUNTED(send_call, ssize_t, write, (int fd, const void* data, std::size_t size), (fd, data, size))
COUNTED(send_call, ssize_t, writev, (int fd, const iovec* pieces, int pieces_count), (fd, pieces, pieces_count))
COUNTED(wait_call, int, epoll_wait, (int epoll, epoll_event* events, int events_max, int timeout),
        (epoll, events, events_max, timeout))
COUNTED(watch_call, int, epoll_ctl, (int epoll, int operation, int fd, epoll_event* event),
        (epoll, operation, fd, event))
COUNTED(option_call, int, setsockopt, (int fd, int level, int name, const void* value, socklen_t size),
        (fd, level, name, value, size))

}  // extern "C"
