// What the attacks share. An attack returns 0 when it has had its effect, an errno when it was refused, or one of the words below.
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORKED = 0, OFF = 200, NOTHING = 201, BROKEN = 202 };

struct attack { const char *name; int (*run)(void); };

extern const struct attack file_attacks[], process_attacks[], kernel_attacks[], socket_attacks[];

// A setting of this run (KEY=VALUE on the command line), for example where the workspace is.
const char *setting(const char *key);
// DIRECTORY/NAME in a buffer that the next but seven calls leave alone.
const char *in(const char *directory, const char *name);
// Whether a switch of the kernel's (a file below /proc/sys) is at least this; then nobody could do it, and that is told.
int switched_off(const char *file, long from);
int hog(const char *name, long amount);
// Into namespaces of our own where somebody lets us, as an attacker would who has no rights yet. Tries, and says nothing.
void try_namespaces(int flags);
// The descriptor or the errno that stands in its place.
int opened(const char *path, int flags);
#define TRY(call) do { if ((call) < 0) return errno; } while (0)
