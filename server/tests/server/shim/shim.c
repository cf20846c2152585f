/* What the tests of power loss and of failing disks put between the server and the system, by LD_PRELOAD: it writes down
 * all that happens to the files of the data folder and all that is sent to clients, in one order, and fails what it is told to fail.
 *
 * SQUARES_SHIM_FOLDER  the data folder
 * SQUARES_SHIM_LOG     where the record is appended; none: nothing is recorded
 * SQUARES_SHIM_FAULT   a file of four 32-bit numbers that the test writes and this reads: which calls (bits as below), how many
 *                      of them are let through first, how many are failed then, and with which errno. It counts the failed in a fifth.
 *
 * A record: op (1 byte), length of the name (1), length of the data (4), offset (8), the name, the data; little endian.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 'w', TRUNCATE = 't', SYNC = 's', CREATE = 'c', UNLINK = 'u', SYNC_FOLDER = 'f', SENT = 'n' };
enum { FAIL_WRITE = 1, FAIL_SYNC = 2, FAIL_TRUNCATE = 4, FAIL_OPEN = 8, FAIL_SHORT = 16 };
enum { FDS = 4096, NAME = 64 };

struct fault { uint32_t calls, let_through, failing, error, failed; };

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static char folder[4096];
static size_t folder_length;
static int record_fd = -1;
static volatile struct fault *fault;
static char names[FDS][NAME]; /* of the open files of the folder; "." is the folder itself */

static void begin(void) __attribute__((constructor));
static void begin(void) {
    const char *path = getenv("SQUARES_SHIM_FOLDER");
    if (!path) return;
    strncpy(folder, path, sizeof folder - 1);
    folder_length = strlen(folder);
    if ((path = getenv("SQUARES_SHIM_LOG")))
        record_fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if ((path = getenv("SQUARES_SHIM_FAULT"))) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
        void *at = mmap(NULL, sizeof *fault, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (at != MAP_FAILED) fault = at;
        syscall(SYS_close, fd);
    }
}

/* The name within the folder, or NULL. */
static const char *within(const char *path) {
    if (!folder_length || strncmp(path, folder, folder_length)) return NULL;
    if (!path[folder_length]) return ".";
    if (path[folder_length] != '/') return NULL;
    path += folder_length + 1;
    /* Shared memory is not kept, whatever becomes of it. */
    size_t length = strlen(path);
    if (length >= NAME || strchr(path, '/') || (length > 4 && !strcmp(path + length - 4, "-shm"))) return NULL;
    return *path ? path : ".";
}

static const char *name_of(int fd) { return fd >= 0 && fd < FDS && *names[fd] ? names[fd] : NULL; }

static void put(const void *bytes, size_t length) {
    const char *at = bytes;
    while (length) {
        ssize_t n = syscall(SYS_write, record_fd, at, length);
        if (n <= 0) abort();
        at += n, length -= (size_t)n;
    }
}

static void record(char op, const char *name, uint64_t offset, const void *data, uint32_t length) {
    if (record_fd < 0) return;
    char head[14 + NAME];
    uint8_t name_length = (uint8_t)strlen(name);
    head[0] = op, head[1] = (char)name_length;
    memcpy(head + 2, &length, 4), memcpy(head + 6, &offset, 8), memcpy(head + 14, name, name_length);
    put(head, 14u + name_length);
    put(data, length);
}

/* Whether this call is one to be failed; it then sets errno. */
static int fails(uint32_t call) {
    if (!fault || !(fault->calls & call) || !fault->failing) return 0;
    if (fault->let_through) { fault->let_through--; return 0; }
    fault->failing--, fault->failed++;
    errno = (int)fault->error;
    return 1;
}

#define REAL(type, name) static type real; if (!real) real = (type)dlsym(RTLD_NEXT, name)
#define LOCK pthread_mutex_lock(&order)
#define UNLOCK do { int kept = errno; pthread_mutex_unlock(&order); errno = kept; } while (0)

typedef int (*open_fn)(const char *, int, ...);
typedef int (*openat_fn)(int, const char *, int, ...);

static int opened(open_fn real, const char *path, int flags, mode_t mode) {
    const char *name = within(path);
    if (!name) return real(path, flags, mode);
    LOCK;
    int fd = -1;
    if (strcmp(name, ".") == 0 || !fails(FAIL_OPEN)) {
        int is_new = (flags & O_CREAT) && access(path, F_OK);
        fd = real(path, flags, mode);
        if (fd >= 0 && fd < FDS) {
            strcpy(names[fd], name);
            if (is_new) record(CREATE, name, 0, "", 0);
            if (!is_new && (flags & O_TRUNC)) record(TRUNCATE, name, 0, "", 0);
        }
    }
    UNLOCK;
    return fd;
}

#define OPEN(symbol)                                                   \
    int symbol(const char *path, int flags, ...) {                     \
        REAL(open_fn, #symbol);                                        \
        mode_t mode = 0;                                               \
        if (flags & (O_CREAT | __O_TMPFILE)) {                         \
            va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); \
        }                                                              \
        return opened(real, path, flags, mode);                        \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    LOCK;
    if (fd >= 0 && fd < FDS) *names[fd] = 0;
    int done = (int)syscall(SYS_close, fd);
    UNLOCK;
    return done;
}

static ssize_t written(int fd, const void *data, size_t length, int64_t offset) {
    LOCK;
    ssize_t done = -1;
    if (fault && (fault->calls & FAIL_SHORT) && length > 1) {
        /* The disk takes half of it, and then no more. */
        if (fails(FAIL_SHORT)) length /= 2, fault->calls = FAIL_WRITE, fault->failing++, fault->failed--;
    } else if (fails(FAIL_WRITE)) {
        UNLOCK;
        return -1;
    }
    if (offset < 0) {
        offset = lseek(fd, 0, SEEK_CUR);
        done = syscall(SYS_write, fd, data, length);
    } else {
        done = syscall(SYS_pwrite64, fd, data, length, offset);
    }
    if (done > 0) record(WRITE, names[fd], (uint64_t)offset, data, (uint32_t)done);
    UNLOCK;
    return done;
}

/* What goes to a client is recorded with the kernel's answer, before anything else can happen. */
static ssize_t sent(int fd, const struct iovec *parts, int count, int flags) {
    struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};
    LOCK;
    ssize_t done = syscall(SYS_sendmsg, fd, &message, flags);
    int error = errno;
    ssize_t left = done;
    char number[12] = {0};
    for (int n = fd, i = 0; i < 11; i++, n /= 10) number[10 - i] = (char)('0' + n % 10);
    for (int i = 0; i < count && left > 0; i++) {
        size_t length = parts[i].iov_len < (size_t)left ? parts[i].iov_len : (size_t)left;
        record(SENT, number, 0, parts[i].iov_base, (uint32_t)length);
        left -= (ssize_t)length;
    }
    errno = error;
    UNLOCK;
    return done;
}

static int is_socket(int fd) {
    struct stat about;
    return !fstat(fd, &about) && S_ISSOCK(about.st_mode);
}

ssize_t write(int fd, const void *data, size_t length) {
    if (name_of(fd)) return written(fd, data, length, -1);
    struct iovec part = {(void *)data, length};
    if (record_fd >= 0 && is_socket(fd)) return sent(fd, &part, 1, 0);
    return syscall(SYS_write, fd, data, length);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (record_fd >= 0 && is_socket(fd)) return sent(fd, parts, count, MSG_NOSIGNAL);
    if (name_of(fd)) abort();
    return syscall(SYS_writev, fd, parts, count);
}
ssize_t send(int fd, const void *data, size_t length, int flags) {
    struct iovec part = {(void *)data, length};
    return sent(fd, &part, 1, flags);
}
ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    return sent(fd, message->msg_iov, (int)message->msg_iovlen, flags);
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    return name_of(fd) ? written(fd, data, length, offset) : syscall(SYS_pwrite64, fd, data, length, offset);
}
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) { return pwrite(fd, data, length, offset); }

static int truncated(int fd, int64_t size) {
    const char *name = name_of(fd);
    LOCK;
    int done = -1;
    if (!name || !fails(FAIL_TRUNCATE)) {
        done = (int)syscall(SYS_ftruncate, fd, size);
        if (!done && name) record(TRUNCATE, name, (uint64_t)size, "", 0);
    }
    UNLOCK;
    return done;
}
int ftruncate(int fd, off_t size) { return truncated(fd, size); }
int ftruncate64(int fd, off64_t size) { return truncated(fd, size); }

static int synced(int fd, long call) {
    const char *name = name_of(fd);
    LOCK;
    int done = -1;
    if (!name || !fails(FAIL_SYNC)) {
        done = (int)syscall(call, fd);
        if (!done && name) record(strcmp(name, ".") ? SYNC : SYNC_FOLDER, name, 0, "", 0);
    }
    UNLOCK;
    return done;
}
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

int unlink(const char *path) {
    const char *name = within(path);
    LOCK;
    int done = (int)syscall(SYS_unlink, path);
    if (!done && name) record(UNLINK, name, 0, "", 0);
    UNLOCK;
    return done;
}
