// SPDX-License-Identifier: MIT
// What a process does to the files of one folder, recorded, and made to fail: for LD_PRELOAD.
//   DISK_SHIM_DIR    the folder
//   DISK_SHIM_LOG    records of each change, in order: see disk-log.ts
//   DISK_SHIM_FAULT  a file; while it holds the number of an error, changes of the folder fail
//                    with it. With EROFS nothing else fails; with EIO reading does, too.
// Changes are made and recorded one at a time, so that the order of the records is the true one.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))real(#name))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -2;

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static int is_ours(const char *path) {
  const char *folder = getenv("DISK_SHIM_DIR");
  size_t length = folder == NULL ? 0 : strlen(folder);
  return length > 0 && strncmp(path, folder, length) == 0 &&
         (path[length] == 0 || path[length] == '/') && strstr(path, " (deleted)") == NULL;
}

// The path of an open file of the folder; NULL for others.
static const char *path_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length <= 0) return NULL;
  path[length] = 0;
  return is_ours(path) ? path : NULL;
}

static int fault(void) {
  const char *file = getenv("DISK_SHIM_FAULT");
  if (file == NULL) return 0;
  int fd = REAL(open)(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[16] = "";
  ssize_t length = REAL(read)(fd, text, sizeof text - 1);
  REAL(close)(fd);
  return length > 0 ? atoi(text) : 0;
}

// Returns nonzero, with errno set, when a change is to fail.
static int is_failing(int is_reading) {
  int error = fault();
  if (error == 0 || (is_reading && error != EIO)) return 0;
  errno = error;
  return 1;
}

static void record(char kind, const char *path, long long a, long long b, const void *data) {
  const char *file = getenv("DISK_SHIM_LOG");
  if (file == NULL) return;
  if (log_fd == -2) {
    log_fd = REAL(open)(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  }
  char head[PATH_MAX + 64];
  int length = snprintf(head, sizeof head, "%c %lld %lld %s\n", kind, a, b, path);
  struct iovec parts[2] = {{head, (size_t)length}, {(void *)data, data == NULL ? 0 : (size_t)b}};
  if (REAL(writev)(log_fd, parts, 2) < 0) abort();
}

static int open_file(int folder, const char *path, int flags, mode_t mode) {
  int (*next)(int, const char *, int, ...) = real("openat");
  if (folder != AT_FDCWD || !is_ours(path)) return next(folder, path, flags, mode);
  int is_change = (flags & (O_CREAT | O_TRUNC)) != 0;
  int is_writer = (flags & O_ACCMODE) != O_RDONLY;
  pthread_mutex_lock(&lock);
  int error = fault();
  int is_refused = (is_change && error != 0 && error != EIO) || (is_writer && error == EROFS);
  struct stat status;
  int is_new = (flags & O_CREAT) != 0 && lstat(path, &status) != 0;
  if (error == ENOSPC && !is_new) is_refused = 0;
  int fd = -1;
  if (is_refused) errno = error;
  else fd = next(folder, path, flags, mode);
  if (fd >= 0 && is_new) record('C', path, 0, 0, NULL);
  if (fd >= 0 && !is_new && (flags & O_TRUNC)) record('T', path, 0, 0, NULL);
  int saved = errno;
  pthread_mutex_unlock(&lock);
  errno = saved;
  return fd;
}

#define OPEN_MODE(flags, mode) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | __O_TMPFILE)) { \
    va_list list; \
    va_start(list, flags); \
    mode = va_arg(list, mode_t); \
    va_end(list); \
  }

int open(const char *path, int flags, ...) {
  OPEN_MODE(flags, mode)
  return open_file(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  OPEN_MODE(flags, mode)
  return open_file(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

static ssize_t write_at(int fd, const void *data, size_t size, off_t offset, int is_append) {
  char buffer[PATH_MAX];
  const char *path = path_of(fd, buffer);
  if (path == NULL) {
    return is_append ? REAL(write)(fd, data, size) : REAL(pwrite)(fd, data, size, offset);
  }
  pthread_mutex_lock(&lock);
  ssize_t written = -1;
  if (!is_failing(0)) {
    if (is_append) {
      int at_end = (fcntl(fd, F_GETFL) & O_APPEND) != 0;
      offset = lseek(fd, 0, at_end ? SEEK_END : SEEK_CUR);
      written = REAL(write)(fd, data, size);
    } else {
      written = REAL(pwrite)(fd, data, size, offset);
    }
    if (written > 0) record('W', path, offset, written, data);
  }
  int saved = errno;
  pthread_mutex_unlock(&lock);
  errno = saved;
  return written;
}

ssize_t write(int fd, const void *data, size_t size) { return write_at(fd, data, size, 0, 1); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
  return write_at(fd, data, size, offset, 0);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
  return write_at(fd, data, size, offset, 0);
}

ssize_t read(int fd, void *data, size_t size) {
  char buffer[PATH_MAX];
  if (getenv("DISK_SHIM_FAULT") != NULL && path_of(fd, buffer) != NULL && is_failing(1)) return -1;
  return REAL(read)(fd, data, size);
}
ssize_t pread64(int fd, void *data, size_t size, off64_t offset) {
  char buffer[PATH_MAX];
  if (getenv("DISK_SHIM_FAULT") != NULL && path_of(fd, buffer) != NULL && is_failing(1)) return -1;
  return REAL(pread64)(fd, data, size, offset);
}

// A change of a file that is open.
static int change_open(int fd, char kind, long long size, int (*make)(int, off64_t)) {
  char buffer[PATH_MAX];
  const char *path = path_of(fd, buffer);
  if (path == NULL) return make(fd, size);
  pthread_mutex_lock(&lock);
  int result = is_failing(0) ? -1 : make(fd, size);
  if (result == 0) record(kind, path, size, 0, NULL);
  int saved = errno;
  pthread_mutex_unlock(&lock);
  errno = saved;
  return result;
}

static int make_sync(int fd, off64_t size) {
  (void)size;
  return REAL(fsync)(fd);
}
static int make_size(int fd, off64_t size) { return REAL(ftruncate64)(fd, size); }

int fsync(int fd) { return change_open(fd, 'S', 0, make_sync); }
int fdatasync(int fd) { return change_open(fd, 'S', 0, make_sync); }
int ftruncate(int fd, off_t size) { return change_open(fd, 'T', size, make_size); }
int ftruncate64(int fd, off64_t size) { return change_open(fd, 'T', size, make_size); }

int rename(const char *from, const char *to) {
  if (!is_ours(from)) return REAL(rename)(from, to);
  pthread_mutex_lock(&lock);
  int result = is_failing(0) ? -1 : REAL(rename)(from, to);
  if (result == 0) record('R', from, 0, (long long)strlen(to), to);
  int saved = errno;
  pthread_mutex_unlock(&lock);
  errno = saved;
  return result;
}

int unlink(const char *path) {
  if (!is_ours(path)) return REAL(unlink)(path);
  pthread_mutex_lock(&lock);
  int result = fault() == EROFS ? (errno = EROFS, -1) : REAL(unlink)(path);
  if (result == 0) record('U', path, 0, 0, NULL);
  int saved = errno;
  pthread_mutex_unlock(&lock);
  errno = saved;
  return result;
}
