/* A disk in a mood, between a program and its files: made by a test, loaded in front of the C library.
 *
 * Below the folder DISK_FOLDER, as the first word of the file DISK_MOOD says:
 *   well        everything is as it is
 *   slow N      every fsync and fdatasync takes N milliseconds longer
 *   read-only   what would change anything fails with EROFS
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_below(const char *path) {
    const char *folder = getenv("DISK_FOLDER");
    return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_file_below(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_below(path);
}

static void mood(char *into, size_t size) {
    const char *file = getenv("DISK_MOOD");
    int fd = file ? (int)syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC, 0) : -1;
    ssize_t length = fd < 0 ? 0 : syscall(SYS_read, fd, into, size - 1);
    if (fd >= 0) syscall(SYS_close, fd);
    into[length > 0 ? length : 0] = 0;
}

static int is_read_only(void) {
    char says[64];
    mood(says, sizeof says);
    return strncmp(says, "read-only", 9) == 0;
}

static int refuses(int below) {
    int kept = errno, refused = below && is_read_only();
    errno = refused ? EROFS : kept;
    return refused;
}

static void dawdle(int fd) {
    char says[64];
    int kept = errno;
    mood(says, sizeof says);
    if (strncmp(says, "slow ", 5) == 0 && is_file_below(fd)) {
        long ms = strtol(says + 5, NULL, 10);
        struct timespec time = {ms / 1000, (ms % 1000) * 1000000};
        nanosleep(&time, NULL);
    }
    errno = kept;
}

#define CHANGES(flags) ((flags) & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC))
#define OPEN(name)                                                        \
    int name(const char *path, int flags, ...) {                          \
        va_list rest;                                                     \
        va_start(rest, flags);                                            \
        mode_t mode = va_arg(rest, int);                                  \
        va_end(rest);                                                     \
        if (CHANGES(flags) && refuses(is_below(path))) return -1;         \
        return REAL(name)(path, flags, mode);                             \
    }
OPEN(open)
OPEN(open64)

ssize_t write(int fd, const void *bytes, size_t size) {
    return refuses(is_file_below(fd)) ? -1 : REAL(write)(fd, bytes, size);
}
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
    return refuses(is_file_below(fd)) ? -1 : REAL(pwrite)(fd, bytes, size, at);
}
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
    return refuses(is_file_below(fd)) ? -1 : REAL(pwrite64)(fd, bytes, size, at);
}
int ftruncate(int fd, off_t size) { return refuses(is_file_below(fd)) ? -1 : REAL(ftruncate)(fd, size); }
int ftruncate64(int fd, off64_t size) { return refuses(is_file_below(fd)) ? -1 : REAL(ftruncate64)(fd, size); }
int rename(const char *from, const char *to) { return refuses(is_below(to)) ? -1 : REAL(rename)(from, to); }
int unlink(const char *path) { return refuses(is_below(path)) ? -1 : REAL(unlink)(path); }
int mkdir(const char *path, mode_t mode) { return refuses(is_below(path)) ? -1 : REAL(mkdir)(path, mode); }

int fsync(int fd) {
    dawdle(fd);
    return refuses(is_file_below(fd)) ? -1 : REAL(fsync)(fd);
}
int fdatasync(int fd) {
    dawdle(fd);
    return refuses(is_file_below(fd)) ? -1 : REAL(fdatasync)(fd);
}
