// A disk between a program and its files, for tests: loaded with LD_PRELOAD, it writes a journal of every change below a root, with the bytes
// and the flushes, and fails chosen operations. It changes nothing that it is not told to. Also what a library looks up in libc passes here (dlsym).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATE = 1, WRITE, TRUNCATE, FLUSH, FLUSH_FAILED, RENAME, REMOVE, MAKE_DIRECTORY, LINK, SYMLINK, MODE, MARK, PRINTED };
enum { NO_FAULT, FULL, FLUSH_FAULT, READ_ONLY };

#define DISKS 32
typedef struct {
    char root[PATH_MAX];
    size_t root_length;
    int journal;          // -1: not recorded
    int lazy;             // flushes are not passed on
    int fault, error, lasting;
    long at;              // which operation of the fault's kind fails, counted from 0
    long seen;            // operations of the fault's kind so far
    long failed;          // operations that were failed
    long long position;   // records written
} disk;

static disk disks[DISKS];
static int disk_count, recording_output = -1;
static struct stat outputs[2]; // standard output and error, under whatever descriptor
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

typedef struct { uint32_t kind, mode; uint64_t inode; int64_t offset; uint32_t first, second, bytes, spare; } record;

static void put(disk *d, record r, const char *first, const char *second, const void *bytes) {
    if (d->journal < 0) return;
    r.first = first ? (uint32_t)strlen(first) : 0;
    r.second = second ? (uint32_t)strlen(second) : 0;
    struct iovec parts[4] = {{&r, sizeof r}, {(void *)first, r.first}, {(void *)second, r.second}, {(void *)bytes, r.bytes}};
    size_t whole = sizeof r + r.first + r.second + r.bytes;
    if (syscall(SYS_writev, d->journal, parts, 4) != (ssize_t)whole) abort(); // a journal with a hole would prove nothing
    d->position++;
}

static disk *of_path(const char *path) {
    for (int i = 0; i < disk_count; i++) {
        disk *d = &disks[i];
        if (d->root_length && !strncmp(path, d->root, d->root_length) && (path[d->root_length] == '/' || !path[d->root_length])) {
            size_t n = strlen(path); // shared memory of SQLite: made anew by whoever opens first, never trusted
            return n > 4 && !strcmp(path + n - 4, "-shm") ? NULL : d;
        }
    }
    return NULL;
}

static disk *of_descriptor(int fd, char *path, uint64_t *inode) {
    if (!disk_count) return NULL;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    if (n <= 0) return NULL;
    path[n] = 0;
    if (n > 10 && !strcmp(path + n - 10, " (deleted)")) path[n - 10] = 0;
    disk *d = of_path(path);
    struct stat s;
    if (d && inode) *inode = fstat(fd, &s) ? 0 : s.st_ino;
    return d;
}

static disk *of_name(int at, const char *name, char *path) {
    if (!disk_count || !name) return NULL;
    char base[PATH_MAX];
    if (name[0] == '/') snprintf(path, PATH_MAX, "%s", name);
    else {
        if (at == AT_FDCWD) { if (!getcwd(base, sizeof base)) return NULL; }
        else {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", at);
            ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, link, base, sizeof base - 1);
            if (n <= 0) return NULL;
            base[n] = 0;
        }
        if ((size_t)snprintf(path, PATH_MAX, "%s/%s", base, name) >= PATH_MAX) return NULL;
    }
    return of_path(path);
}

static uint64_t inode_of(const char *path) {
    struct stat s;
    return fstatat(AT_FDCWD, path, &s, AT_SYMLINK_NOFOLLOW) ? 0 : s.st_ino;
}

// 0: go on; else the errno to fail with.
static int refuse(disk *d, int kind) {
    if (!d || d->fault == NO_FAULT || (d->fault != kind && d->fault != READ_ONLY)) return 0;
    if (d->fault == READ_ONLY) { if (kind == FLUSH_FAULT) return 0; d->failed++; return d->error; }
    long n = d->seen++;
    if (n != d->at && !(d->lasting && n > d->at)) return 0;
    d->failed++;
    return d->error;
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, name)
#define LOCK pthread_mutex_lock(&gate)
#define UNLOCK pthread_mutex_unlock(&gate)
#define END(result) do { int e_ = errno; UNLOCK; errno = e_; return result; } while (0)
#define REFUSE(d, kind) do { int why_ = refuse(d, kind); if (why_) { UNLOCK; errno = why_; return -1; } } while (0)

// ---- what a test calls

int disk_attach(const char *root, const char *journal, int lazy) {
    LOCK;
    disk *d = NULL;
    for (int i = 0; i < disk_count && !d; i++) if (!disks[i].root_length) d = &disks[i];
    if (!d && disk_count < DISKS) d = &disks[disk_count];
    if (!d) END(-1);
    memset(d, 0, sizeof *d);
    d->journal = journal ? (int)syscall(SYS_openat, AT_FDCWD, journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (journal && d->journal < 0) END(-1);
    d->lazy = lazy;
    snprintf(d->root, sizeof d->root, "%s", root);
    d->root_length = strlen(root);
    if (d == &disks[disk_count]) disk_count++;
    END((int)(d - disks));
}

void disk_detach(int n) {
    LOCK;
    if (disks[n].journal >= 0) syscall(SYS_close, disks[n].journal);
    disks[n].root_length = 0;
    disks[n].journal = -1;
    UNLOCK;
}

void disk_fail(int n, int fault, long at, int error, int lasting) {
    LOCK;
    disks[n].fault = fault; disks[n].at = at; disks[n].error = error; disks[n].lasting = lasting; disks[n].seen = disks[n].failed = 0;
    UNLOCK;
}

long disk_seen(int n) { return disks[n].seen; }
long disk_failed(int n) { return disks[n].failed; }

long long disk_mark(int n, const void *bytes, int length) {
    LOCK;
    put(&disks[n], (record){.kind = MARK, .bytes = (uint32_t)length}, NULL, NULL, bytes);
    long long at = disks[n].position;
    UNLOCK;
    return at;
}

// A program that knows nothing of this is recorded by its environment; the programs that it starts are not.
__attribute__((constructor)) static void begin(void) {
    const char *root = getenv("DISK_ROOT"), *journal = getenv("DISK_JOURNAL"), *program = getenv("DISK_PROGRAM"), *fault = getenv("DISK_FAULT");
    if (!root || !program || strcmp(program, program_invocation_short_name)) return;
    int n = disk_attach(root, journal, 0), kind, error, lasting;
    long at;
    if (n < 0) abort();
    if (journal && !fstat(1, &outputs[0]) && !fstat(2, &outputs[1])) recording_output = n;
    if (fault && sscanf(fault, "%d %ld %d %d", &kind, &at, &error, &lasting) == 4) disk_fail(n, kind, at, error, lasting);
}

// ---- files

static int opened(int (*real)(int, const char *, int, mode_t), int at, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    disk *d = of_name(at, name, path);
    if (!d) return real(at, name, flags, mode);
    int changes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
    LOCK;
    if (d->fault == READ_ONLY && changes) REFUSE(d, FULL);
    int is_new = (flags & O_CREAT) && !inode_of(path);
    if (is_new) REFUSE(d, FULL);
    int fd = real(at, name, flags, mode);
    struct stat s;
    if (fd >= 0 && !fstat(fd, &s)) {
        if (is_new) put(d, (record){.kind = CREATE, .inode = s.st_ino, .mode = s.st_mode & 07777}, path, NULL, NULL);
        else if ((flags & O_TRUNC) && S_ISREG(s.st_mode)) put(d, (record){.kind = TRUNCATE, .inode = s.st_ino}, path, NULL, NULL);
    }
    END(fd);
}

static int real_openat(int at, const char *name, int flags, mode_t mode) {
    REAL(int, "openat64", int, const char *, int, ...);
    return real(at, name, flags, mode);
}

#define MODE_ARGUMENT mode_t mode = 0; if (flags & (O_CREAT | O_TMPFILE)) { va_list a; va_start(a, flags); mode = va_arg(a, mode_t); va_end(a); }
int open(const char *name, int flags, ...) { MODE_ARGUMENT return opened(real_openat, AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE_ARGUMENT return opened(real_openat, AT_FDCWD, name, flags, mode); }
int openat(int at, const char *name, int flags, ...) { MODE_ARGUMENT return opened(real_openat, at, name, flags, mode); }
int openat64(int at, const char *name, int flags, ...) { MODE_ARGUMENT return opened(real_openat, at, name, flags, mode); }
int __open_2(const char *name, int flags) { return opened(real_openat, AT_FDCWD, name, flags, 0); }
int __open64_2(const char *name, int flags) { return opened(real_openat, AT_FDCWD, name, flags, 0); }
int __openat_2(int at, const char *name, int flags) { return opened(real_openat, at, name, flags, 0); }
int __openat64_2(int at, const char *name, int flags) { return opened(real_openat, at, name, flags, 0); }
int creat(const char *name, mode_t mode) { return opened(real_openat, AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *name, mode_t mode) { return opened(real_openat, AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode); }

static void wrote(disk *d, uint64_t inode, int64_t offset, const struct iovec *parts, int count, ssize_t done) {
    for (int i = 0; i < count && done > 0; i++) {
        size_t n = parts[i].iov_len < (size_t)done ? parts[i].iov_len : (size_t)done;
        if (n) put(d, (record){.kind = WRITE, .inode = inode, .offset = offset, .bytes = (uint32_t)n}, NULL, NULL, parts[i].iov_base);
        offset += n;
        done -= n;
    }
}

static ssize_t written(int fd, const struct iovec *parts, int count, int64_t offset, int number) {
    char path[PATH_MAX];
    uint64_t inode = 0;
    struct stat s;
    if (recording_output >= 0 && !fstat(fd, &s) && S_ISFIFO(s.st_mode) && (s.st_ino == outputs[0].st_ino || s.st_ino == outputs[1].st_ino)) {
        LOCK;
        for (int i = 0; i < count; i++)
            put(&disks[recording_output], (record){.kind = PRINTED, .mode = (uint32_t)fd, .bytes = (uint32_t)parts[i].iov_len}, NULL, NULL, parts[i].iov_base);
        UNLOCK;
    }
    disk *d = of_descriptor(fd, path, &inode);
    if (!d) return number == SYS_pwritev ? syscall(SYS_pwritev, fd, parts, count, offset, 0L) : number == SYS_pwrite64 ? syscall(SYS_pwrite64, fd, parts->iov_base, parts->iov_len, offset)
        : number == SYS_writev ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_write, fd, parts->iov_base, parts->iov_len);
    LOCK;
    REFUSE(d, FULL);
    int at_end = number == SYS_write || number == SYS_writev;
    if (at_end) offset = (fcntl(fd, F_GETFL) & O_APPEND) ? lseek(fd, 0, SEEK_END) : lseek(fd, 0, SEEK_CUR);
    ssize_t done = at_end ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, offset, 0L);
    wrote(d, inode, offset, parts, count, done);
    END(done);
}

ssize_t write(int fd, const void *bytes, size_t n) { struct iovec v = {(void *)bytes, n}; return written(fd, &v, 1, 0, SYS_write); }
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) { struct iovec v = {(void *)bytes, n}; return written(fd, &v, 1, at, SYS_pwrite64); }
ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) { struct iovec v = {(void *)bytes, n}; return written(fd, &v, 1, at, SYS_pwrite64); }
ssize_t writev(int fd, const struct iovec *v, int n) { return written(fd, v, n, 0, SYS_writev); }
ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at) { return written(fd, v, n, at, SYS_pwritev); }
ssize_t pwritev64(int fd, const struct iovec *v, int n, off64_t at) { return written(fd, v, n, at, SYS_pwritev); }

static int resized(int fd, off64_t size) {
    char path[PATH_MAX];
    uint64_t inode = 0;
    disk *d = of_descriptor(fd, path, &inode);
    if (!d) return (int)syscall(SYS_ftruncate, fd, size);
    LOCK;
    REFUSE(d, FULL);
    int done = (int)syscall(SYS_ftruncate, fd, size);
    if (!done) put(d, (record){.kind = TRUNCATE, .inode = inode, .offset = size}, NULL, NULL, NULL);
    END(done);
}
int ftruncate(int fd, off_t size) { return resized(fd, size); }
int ftruncate64(int fd, off64_t size) { return resized(fd, size); }

static int allocated(int fd, int mode, off64_t at, off64_t size) {
    char path[PATH_MAX];
    uint64_t inode = 0;
    disk *d = of_descriptor(fd, path, &inode);
    if (!d) return (int)syscall(SYS_fallocate, fd, mode, at, size);
    LOCK;
    REFUSE(d, FULL);
    struct stat before;
    int known = !fstat(fd, &before), done = (int)syscall(SYS_fallocate, fd, mode, at, size);
    if (!done && known && !(mode & FALLOC_FL_KEEP_SIZE) && at + size > before.st_size) put(d, (record){.kind = TRUNCATE, .inode = inode, .offset = at + size}, NULL, NULL, NULL);
    END(done);
}
int fallocate(int fd, int mode, off_t at, off_t size) { return allocated(fd, mode, at, size); }
int fallocate64(int fd, int mode, off64_t at, off64_t size) { return allocated(fd, mode, at, size); }
int posix_fallocate(int fd, off_t at, off_t size) { return allocated(fd, 0, at, size) ? errno : 0; }
int posix_fallocate64(int fd, off64_t at, off64_t size) { return allocated(fd, 0, at, size) ? errno : 0; }

static int flushed(int fd, int number) {
    char path[PATH_MAX];
    uint64_t inode = 0;
    disk *d = of_descriptor(fd, path, &inode);
    if (!d) return (int)syscall(number, fd);
    LOCK;
    int why = refuse(d, FLUSH_FAULT);
    if (why) {
        put(d, (record){.kind = FLUSH_FAILED, .inode = inode}, path, NULL, NULL);
        errno = why;
        END(-1);
    }
    int done = d->lazy ? 0 : (int)syscall(number, fd);
    if (!done) put(d, (record){.kind = FLUSH, .inode = inode}, path, NULL, NULL);
    END(done);
}
int fsync(int fd) { return flushed(fd, SYS_fsync); }
int fdatasync(int fd) { return flushed(fd, SYS_fdatasync); }

// Whole file systems: everything of every root counts as flushed.
static int flushed_all(int fd) {
    int done = (int)syscall(SYS_syncfs, fd);
    LOCK;
    for (int i = 0; i < disk_count; i++) if (disks[i].root_length && !done) put(&disks[i], (record){.kind = FLUSH}, NULL, NULL, NULL);
    END(done);
}
int syncfs(int fd) { return flushed_all(fd); }

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t n, unsigned flags) {
    char path[PATH_MAX];
    uint64_t inode = 0;
    disk *d = of_descriptor(to, path, &inode);
    if (d) { errno = ENOSYS; return -1; } // so that the bytes come by as writes
    return syscall(SYS_copy_file_range, from, from_at, to, to_at, n, flags);
}

// ---- names

static int renamed(int from, const char *old, int to, const char *name, unsigned flags) {
    char a[PATH_MAX], b[PATH_MAX];
    disk *d = of_name(from, old, a), *e = of_name(to, name, b);
    if (!d && !e) return (int)syscall(SYS_renameat2, from, old, to, name, flags);
    if (d != e) { errno = EXDEV; return -1; }
    LOCK;
    REFUSE(d, FULL);
    int done = (int)syscall(SYS_renameat2, from, old, to, name, flags);
    if (!done) put(d, (record){.kind = RENAME}, a, b, NULL);
    END(done);
}
int rename(const char *a, const char *b) { return renamed(AT_FDCWD, a, AT_FDCWD, b, 0); }
int renameat(int from, const char *a, int to, const char *b) { return renamed(from, a, to, b, 0); }
int renameat2(int from, const char *a, int to, const char *b, unsigned flags) { return renamed(from, a, to, b, flags); }

static int removed(int at, const char *name, int flags) {
    char path[PATH_MAX];
    disk *d = of_name(at, name, path);
    if (!d) return (int)syscall(SYS_unlinkat, at, name, flags);
    LOCK;
    if (d->fault == READ_ONLY) REFUSE(d, FULL);
    int done = (int)syscall(SYS_unlinkat, at, name, flags);
    if (!done) put(d, (record){.kind = REMOVE}, path, NULL, NULL);
    END(done);
}
int unlink(const char *name) { return removed(AT_FDCWD, name, 0); }
int unlinkat(int at, const char *name, int flags) { return removed(at, name, flags); }
int rmdir(const char *name) { return removed(AT_FDCWD, name, AT_REMOVEDIR); }

static int made(int at, const char *name, mode_t mode) {
    char path[PATH_MAX];
    disk *d = of_name(at, name, path);
    if (!d) return (int)syscall(SYS_mkdirat, at, name, mode);
    LOCK;
    REFUSE(d, FULL);
    int done = (int)syscall(SYS_mkdirat, at, name, mode);
    struct stat s;
    if (!done && !fstatat(AT_FDCWD, path, &s, AT_SYMLINK_NOFOLLOW)) put(d, (record){.kind = MAKE_DIRECTORY, .inode = s.st_ino, .mode = s.st_mode & 07777}, path, NULL, NULL);
    END(done);
}
int mkdir(const char *name, mode_t mode) { return made(AT_FDCWD, name, mode); }
int mkdirat(int at, const char *name, mode_t mode) { return made(at, name, mode); }

static int linked(int from, const char *old, int to, const char *name, int flags) {
    char a[PATH_MAX], b[PATH_MAX];
    disk *d = of_name(to, name, b);
    if (!d || of_name(from, old, a) != d) return (int)syscall(SYS_linkat, from, old, to, name, flags);
    LOCK;
    REFUSE(d, FULL);
    int done = (int)syscall(SYS_linkat, from, old, to, name, flags);
    if (!done) put(d, (record){.kind = LINK}, a, b, NULL);
    END(done);
}
int link(const char *a, const char *b) { return linked(AT_FDCWD, a, AT_FDCWD, b, 0); }
int linkat(int from, const char *a, int to, const char *b, int flags) { return linked(from, a, to, b, flags); }

static int pointed(const char *target, int at, const char *name) {
    char path[PATH_MAX];
    disk *d = of_name(at, name, path);
    if (!d) return (int)syscall(SYS_symlinkat, target, at, name);
    LOCK;
    REFUSE(d, FULL);
    int done = (int)syscall(SYS_symlinkat, target, at, name);
    if (!done) put(d, (record){.kind = SYMLINK, .inode = inode_of(path)}, path, target, NULL);
    END(done);
}
int symlink(const char *target, const char *name) { return pointed(target, AT_FDCWD, name); }
int symlinkat(const char *target, int at, const char *name) { return pointed(target, at, name); }

int fchmod(int fd, mode_t mode) {
    char path[PATH_MAX];
    uint64_t inode = 0;
    disk *d = of_descriptor(fd, path, &inode);
    if (!d) return (int)syscall(SYS_fchmod, fd, mode);
    LOCK;
    if (d->fault == READ_ONLY) REFUSE(d, FULL);
    int done = (int)syscall(SYS_fchmod, fd, mode);
    if (!done) put(d, (record){.kind = MODE, .inode = inode, .mode = mode}, NULL, NULL, NULL);
    END(done);
}

static int modified(int at, const char *name, mode_t mode) {
    char path[PATH_MAX];
    disk *d = of_name(at, name, path);
    if (!d) return (int)syscall(SYS_fchmodat, at, name, mode);
    LOCK;
    if (d->fault == READ_ONLY) REFUSE(d, FULL);
    int done = (int)syscall(SYS_fchmodat, at, name, mode);
    if (!done) put(d, (record){.kind = MODE, .inode = inode_of(path), .mode = mode}, NULL, NULL, NULL);
    END(done);
}
int chmod(const char *name, mode_t mode) { return modified(AT_FDCWD, name, mode); }
int fchmodat(int at, const char *name, mode_t mode, int flags) { (void)flags; return modified(at, name, mode); }

// ---- a P/Invoke asks libc itself for its functions: it is given ours

void *dlsym(void *handle, const char *name) {
    static void *(*real)(void *, const char *);
    if (!real) real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
    if (!real) real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
    if (!real) real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.17");
    if (!real) abort();
    static const struct { const char *name; void *ours; } table[] = {
        {"open", open}, {"open64", open64}, {"openat", openat}, {"openat64", openat64}, {"write", write}, {"pwrite", pwrite}, {"pwrite64", pwrite64}, {"writev", writev}, {"pwritev", pwritev},
        {"ftruncate", ftruncate}, {"ftruncate64", ftruncate64}, {"fallocate", fallocate}, {"fsync", fsync}, {"fdatasync", fdatasync}, {"syncfs", syncfs}, {"copy_file_range", copy_file_range},
        {"rename", rename}, {"renameat", renameat}, {"renameat2", renameat2}, {"unlink", unlink}, {"unlinkat", unlinkat}, {"rmdir", rmdir}, {"mkdir", mkdir}, {"mkdirat", mkdirat},
        {"link", link}, {"linkat", linkat}, {"symlink", symlink}, {"symlinkat", symlinkat}, {"fchmod", fchmod}, {"chmod", chmod}, {"fchmodat", fchmodat},
    };
    if (handle != RTLD_NEXT)
        for (size_t i = 0; i < sizeof table / sizeof *table; i++)
            if (!strcmp(name, table[i].name)) return table[i].ours;
    return real(handle, name);
}
