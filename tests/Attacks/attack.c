// The attack program. Each attack is one small function; it runs in a child of its own, so that one which is killed for it does not end the others.
//   attack try [KEY=VALUE ...] [NAME ...]     prints "NAME worked", "NAME EPERM", "NAME signal 31", ...; without names: all of them; with LOG=1: on standard error
//   attack hog NAME AMOUNT [MARK]             takes more than AMOUNT, prints "over NANOSECONDS" when it has, goes on for a while, and hangs
#include "attack.h"

static const char *name_of(int number)
{
    static const struct { int number; const char *name; } names[] = {
        {EPERM, "EPERM"}, {ENOENT, "ENOENT"}, {ESRCH, "ESRCH"}, {EIO, "EIO"}, {ENXIO, "ENXIO"}, {EBADF, "EBADF"}, {EAGAIN, "EAGAIN"}, {ENOMEM, "ENOMEM"}, {EACCES, "EACCES"},
        {EBUSY, "EBUSY"}, {EEXIST, "EEXIST"}, {EXDEV, "EXDEV"}, {ENODEV, "ENODEV"}, {ENOTDIR, "ENOTDIR"}, {EINVAL, "EINVAL"}, {EMFILE, "EMFILE"}, {ENOTTY, "ENOTTY"},
        {ETXTBSY, "ETXTBSY"}, {EFBIG, "EFBIG"}, {ENOSPC, "ENOSPC"}, {EROFS, "EROFS"}, {ENOSYS, "ENOSYS"}, {ENOTSUP, "EOPNOTSUPP"}, {EAFNOSUPPORT, "EAFNOSUPPORT"},
        {EADDRINUSE, "EADDRINUSE"}, {ENETUNREACH, "ENETUNREACH"}, {ECONNREFUSED, "ECONNREFUSED"}, {EPROTONOSUPPORT, "EPROTONOSUPPORT"}, {ENODATA, "ENODATA"},
        {OFF, "off"}, {NOTHING, "nothing"}, {BROKEN, "broken"}, {WORKED, "worked"},
    };
    static char other[16];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number) return names[i].name;
    snprintf(other, sizeof other, "%d", number);
    return other;
}

const char *setting(const char *key)
{
    const char *value = getenv(key);
    if (value) return value;
    fprintf(stderr, "needs %s=...\n", key);
    _exit(BROKEN);
}

const char *in(const char *directory, const char *name)
{
    static char paths[8][4096];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof *paths, "%s/%s", directory, name);
    return path;
}

int opened(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : fd;
}

int switched_off(const char *file, long from)
{
    FILE *f = fopen(file, "r");
    long value = -1;
    if (f && fscanf(f, "%ld", &value) == 1 && value >= from) { fclose(f); return 1; }
    if (f) fclose(f);
    return 0;
}

static void write_text(const char *path, const char *format, unsigned value)
{
    char text[64];
    int length = snprintf(text, sizeof text, format, value);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    write(fd, text, length);
    close(fd);
}

void try_namespaces(int flags)
{
    if (unshare(flags) == 0) { if (flags & CLONE_NEWNS) mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL); return; }
    uid_t uid = getuid();
    gid_t gid = getgid();
    if (unshare(flags | CLONE_NEWUSER) != 0) return;
    write_text("/proc/self/setgroups", "deny", 0);
    write_text("/proc/self/uid_map", "0 %u 1\n", uid);
    write_text("/proc/self/gid_map", "0 %u 1\n", gid);
    if (flags & CLONE_NEWNS) mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static void attempt(const struct attack *attack)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        alarm(5);
        _exit(attack->run());
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) { }
    kill(-child, SIGKILL);
    if (WIFSIGNALED(status)) printf("%s signal %d\n", attack->name, WTERMSIG(status));
    else printf("%s %s\n", attack->name, name_of(WEXITSTATUS(status)));
    fflush(stdout);
}

int main(int count, char **words)
{
    static const struct attack *const all[] = {file_attacks, process_attacks, kernel_attacks, socket_attacks};
    if (count >= 4 && strcmp(words[1], "hog") == 0) return hog(words[2], atol(words[3]));
    if (count < 2 || strcmp(words[1], "try") != 0) { fprintf(stderr, "usage: attack try [KEY=VALUE ...] [NAME ...] | attack hog NAME AMOUNT [MARK]\n"); return 2; }
    // What every engine is told at the end: --mode MODE.
    if (count > 3 && strcmp(words[count - 2], "--mode") == 0) count -= 2;
    int first = 2;
    while (first < count && strchr(words[first], '=')) putenv(words[first++]);
    if (getenv("LOG")) dup2(2, 1);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (const struct attack *a = all[i]; a->name; a++) {
            int wanted = first == count;
            for (int w = first; w < count; w++) wanted |= strcmp(words[w], a->name) == 0;
            if (wanted) attempt(a);
        }
    return 0;
}
