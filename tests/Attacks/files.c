// Attacks on files: writing where nothing may be written, and reaching files that were not shown, by links and through /proc.
#include "attack.h"
#include <sys/sysmacros.h>
#include <sys/xattr.h>

// Made and taken away again at once, so that the proof outside harms nothing.
static int make_in(const char *directory)
{
    char name[64];
    snprintf(name, sizeof name, "attack-%d", getpid());
    const char *path = in(directory, name);
    int fd = opened(path, O_CREAT | O_EXCL | O_WRONLY);
    if (fd < 0) return -fd;
    int written = write(fd, "x", 1) == 1 ? WORKED : errno;
    unlink(path);
    return written;
}

static int write_root(void) { return make_in("/"); }
static int write_usr(void) { return make_in("/usr/bin"); }
static int write_etc(void) { return make_in("/etc"); }
static int write_run(void) { return make_in("/run"); }
static int write_dev(void) { return make_in("/dev"); }

// Writes what already stands there.
static int rewrite(const char *path)
{
    char text[4096];
    int fd = opened(path, O_RDONLY);
    if (fd < 0) return -fd;
    ssize_t length = read(fd, text, sizeof text);
    fd = opened(path, O_WRONLY);
    if (fd < 0) return -fd;
    return length > 0 && write(fd, text, length) == length ? WORKED : errno;
}

static int core_pattern(void) { return rewrite("/proc/sys/kernel/core_pattern"); }
static int kernel_switch(void) { return rewrite("/proc/sys/vm/swappiness"); }
static int open_only(const char *path) { int fd = opened(path, O_WRONLY); return fd < 0 ? -fd : WORKED; }
static int sys_write(void) { return open_only("/sys/bus/cpu/uevent"); }

// A file's owner may change its mode: whoever starts the orchestrator as root is the owner of these. The mode that it has is set again.
static int own_mode(const char *path)
{
    struct stat s;
    TRY(stat(path, &s));
    TRY(chmod(path, s.st_mode & 07777));
    return WORKED;
}

// Whether it is bound from a directory that was made for this sandbox.
static int is_private(const char *path)
{
    char line[4096];
    FILE *mounts = fopen("/proc/self/mountinfo", "r");
    int found = 0;
    while (mounts && fgets(line, sizeof line, mounts)) {
        char root[1024], at[1024];
        if (sscanf(line, "%*d %*d %*s %1023s %1023s", root, at) == 2 && strcmp(at, path) == 0) found = strstr(root, "/cabincrew-") != NULL;
    }
    if (mounts) fclose(mounts);
    return found;
}

static int device_mode(void)
{
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"};
    int last = ENOENT;
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        if ((last = own_mode(devices[i])) == WORKED) return is_private(devices[i]) ? NOTHING : WORKED;
    return last;
}

// The program that set the sandbox up is the first process in it, and its file is reached past every mount.
static int is_another(const struct stat *s) { struct stat t; return stat(setting("PROGRAM"), &t) != 0 || s->st_ino != t.st_ino || s->st_dev != t.st_dev; }
static int launcher_mode(void) { struct stat s; TRY(stat(setting("LAUNCHER"), &s)); return is_another(&s) ? NOTHING : own_mode(setting("LAUNCHER")); }
static int launcher_times(void) { struct stat s; TRY(stat(setting("LAUNCHER"), &s)); if (is_another(&s)) return NOTHING; struct timespec t[2] = {s.st_atim, s.st_mtim}; TRY(utimensat(AT_FDCWD, setting("LAUNCHER"), t, 0)); return WORKED; }

static int engine_replace(void)
{
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0) return errno;
    self[length] = 0;
    *strrchr(self, '/') = 0;
    return make_in(self);
}

static const char *file(void) { return in(setting("WORKSPACE"), "file.txt"); }

static int workspace_create(void)
{
    int fd = opened(in(setting("WORKSPACE"), "created"), O_CREAT | O_EXCL | O_WRONLY);
    return fd < 0 ? -fd : WORKED;
}

static int workspace_write(void)
{
    int fd = opened(file(), O_WRONLY | O_APPEND);
    if (fd < 0) return -fd;
    return write(fd, "x", 1) == 1 ? WORKED : errno;
}

static int workspace_truncate(void) { TRY(truncate(file(), 1)); return WORKED; }
static int workspace_mode(void) { TRY(chmod(file(), 0755)); return WORKED; }
static int workspace_times(void) { TRY(utimensat(AT_FDCWD, file(), NULL, 0)); return WORKED; }
static int workspace_attribute(void) { TRY(setxattr(file(), "user.attack", "x", 1, 0)); return WORKED; }
static int workspace_link(void) { TRY(symlink("/etc/passwd", in(setting("WORKSPACE"), "linked"))); return WORKED; }
static int workspace_rename(void) { TRY(rename(in(setting("WORKSPACE"), "second.txt"), in(setting("WORKSPACE"), "third.txt"))); return WORKED; }
static int workspace_device(void) { TRY(mknod(in(setting("WORKSPACE"), "device"), S_IFCHR | 0600, makedev(1, 5))); return WORKED; }

// A second name of a file, in a directory where one may write: what is written to it is written to the file.
static int hard_link(const char *directory)
{
    const char *path = in(setting(directory), "hard-link");
    TRY(link(file(), path));
    unlink(path);
    return WORKED;
}

static int hard_link_temp(void) { return hard_link("TEMP"); }
static int hard_link_artifacts(void) { return hard_link("ARTIFACTS"); }

// More than a sandbox gives out in memory that belongs to no process.
static int fill_shared(void)
{
    static char block[1 << 20];
    const char *path = in("/dev/shm", "attack-fill");
    int fd = opened(path, O_CREAT | O_WRONLY), result = WORKED;
    if (fd < 0) return -fd;
    for (int i = 0; i < 72 && result == WORKED; i++)
        if (write(fd, block, sizeof block) != sizeof block) result = ENOSPC;
    unlink(path);
    return result;
}

static int reads(const char *path)
{
    char text[64] = {0};
    int fd = opened(path, O_RDONLY);
    if (fd < 0) return -fd;
    return read(fd, text, sizeof text - 1) > 0 && strstr(text, "not to be seen") ? WORKED : NOTHING;
}

static int secret_file(void) { return reads(setting("SECRET")); }

static int secret_through_link(void)
{
    const char *path = in(setting("ARTIFACTS"), "link");
    TRY(symlink(setting("SECRET"), path));
    int result = reads(path);
    unlink(path);
    return result;
}

static int secret_through_dots(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/../../../../../../../../../..%s", setting("WORKSPACE"), setting("SECRET"));
    return reads(path);
}

static int through_proc(const char *format)
{
    char path[4096];
    snprintf(path, sizeof path, format, setting("HOST"), setting("SECRET"));
    return reads(path);
}

static int proc_root(void) { return through_proc("/proc/%s/root%s"); }
static int proc_cwd(void) { return through_proc("/proc/%s/cwd/../../../../../../../../../..%s"); }

// A descriptor of the first process's, opened anew. A pipe or a file in memory is what every engine has itself.
static int first_process_descriptors(void)
{
    for (int i = 0; i < 64; i++) {
        char path[64];
        struct stat s;
        snprintf(path, sizeof path, "/proc/%s/fd/%d", setting("LEADER"), i);
        int fd = opened(path, O_RDONLY | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &s) != 0) continue;
        int mine = 0;
        for (int own = 0; own < 3; own++) {
            struct stat t;
            mine |= fstat(own, &t) == 0 && s.st_ino == t.st_ino && s.st_dev == t.st_dev;
        }
        if (!mine && !S_ISCHR(s.st_mode) && !S_ISFIFO(s.st_mode)) return WORKED;
    }
    return NOTHING;
}

const struct attack file_attacks[] = {
    {"write-root", write_root}, {"write-usr", write_usr}, {"write-etc", write_etc}, {"write-run", write_run}, {"write-dev", write_dev},
    {"core-pattern", core_pattern}, {"kernel-switch", kernel_switch}, {"sys-write", sys_write},
    {"device-mode", device_mode}, {"launcher-mode", launcher_mode}, {"launcher-times", launcher_times}, {"engine-replace", engine_replace},
    {"workspace-create", workspace_create}, {"workspace-write", workspace_write}, {"workspace-truncate", workspace_truncate}, {"workspace-mode", workspace_mode},
    {"workspace-times", workspace_times}, {"workspace-attribute", workspace_attribute}, {"workspace-link", workspace_link}, {"workspace-rename", workspace_rename},
    {"workspace-device", workspace_device}, {"hard-link-temp", hard_link_temp}, {"hard-link-artifacts", hard_link_artifacts},
    {"fill-shared", fill_shared}, {"secret-file", secret_file}, {"secret-through-link", secret_through_link}, {"secret-through-dots", secret_through_dots}, {"proc-root", proc_root}, {"proc-cwd", proc_cwd},
    {"first-process-descriptors", first_process_descriptors},
    {0},
};
