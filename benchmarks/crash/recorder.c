/* Records what a process does to the files below $CRASH_ROOT: writes, truncations, syncs, names. Loaded by LD_PRELOAD.
 *
 * The log at $CRASH_LOG has one record after another: a line "OP path [path2] offset size\n", then `size` bytes.
 *   W write   T truncate (offset: the new length)   F fsync of a file   D fsync of a folder   S syncfs
 *   C create   R rename   U unlink   M mkdir   X mark (an unlink of a path below $CRASH_ROOT/.mark, which never exists)
 * A mark ".mark/fail:N:E" lets the N-th write, truncation or sync from now on, and all after it, fail with errno E;
 * ".mark/fail:0:0" ends that. One lock covers a call and its record, so the log has the order of what happened.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 4096
#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static pthread_mutex_t turn = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static char *paths[FILES];
static long countdown = -1;
static int failure = 0;

static int log_file(void) {
  static int fd = -1;
  if (fd < 0) {
    int (*open_)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    const char *path = getenv("CRASH_LOG");
    if (path) fd = fcntl(open_(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), F_DUPFD_CLOEXEC, 900);
  }
  return fd;
}

static void put(const void *data, size_t size) {
  ssize_t (*write_)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
  while (size > 0) {
    ssize_t done = write_(log_file(), data, size);
    if (done <= 0) _exit(99);
    data = (const char *)data + done;
    size -= done;
  }
}

static void record(char op, const char *path, const char *path2, long offset, const void *data, size_t size) {
  char line[9000];
  int length = snprintf(line, sizeof line, "%c %s %s %ld %zu\n", op, path, path2 ? path2 : "-", offset, size);
  put(line, length);
  if (size) put(data, size);
}

static int below(const char *path) {
  const char *root = getenv("CRASH_ROOT");
  return root && path && !strncmp(path, root, strlen(root)) && path[strlen(root)] == '/';
}

static const char *named(int fd) { return fd >= 0 && fd < FILES ? paths[fd] : NULL; }

/* whether this call has to fail */
static int fails(int fd) {
  if (!named(fd) || countdown < 0) return 0;
  if (countdown > 1) return countdown--, 0;
  errno = failure;
  return 1;
}

static void opened(int fd, const char *path, int created) {
  if (fd < 0 || fd >= FILES || !below(path)) return;
  free(paths[fd]);
  paths[fd] = strdup(path);
  if (created) record('C', path, NULL, 0, NULL, 0);
}

static int open_at(const char *name, const char *path, int flags, mode_t mode) {
  int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
  if (!below(path)) return real(path, flags, mode);
  pthread_mutex_lock(&turn);
  int created = (flags & O_CREAT) && access(path, F_OK) != 0;
  int fd = real(path, flags, mode);
  opened(fd, path, created);
  if (fd >= 0 && !created && (flags & O_TRUNC)) record('T', path, NULL, 0, NULL, 0);
  pthread_mutex_unlock(&turn);
  return fd;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    return open_at(#name, path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  REAL(int, "close", int);
  pthread_mutex_lock(&turn);
  if (named(fd)) {
    free(paths[fd]);
    paths[fd] = NULL;
  }
  int result = real(fd);
  pthread_mutex_unlock(&turn);
  return result;
}

ssize_t write(int fd, const void *data, size_t size) {
  REAL(ssize_t, "write", int, const void *, size_t);
  if (!named(fd)) return real(fd, data, size);
  pthread_mutex_lock(&turn);
  ssize_t done = fails(fd) ? -1 : real(fd, data, size);
  if (done > 0) record('W', named(fd), NULL, lseek(fd, 0, SEEK_CUR) - done, data, done);
  pthread_mutex_unlock(&turn);
  return done;
}

static ssize_t pwrite_at(int fd, const void *data, size_t size, off_t offset) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off_t);
  if (!named(fd)) return real(fd, data, size, offset);
  pthread_mutex_lock(&turn);
  ssize_t done = fails(fd) ? -1 : real(fd, data, size, offset);
  if (done > 0) record('W', named(fd), NULL, offset, data, done);
  pthread_mutex_unlock(&turn);
  return done;
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return pwrite_at(fd, data, size, offset); }
ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset) { return pwrite_at(fd, data, size, offset); }

static int truncate_at(int fd, off_t length) {
  REAL(int, "ftruncate64", int, off_t);
  if (!named(fd)) return real(fd, length);
  pthread_mutex_lock(&turn);
  int result = fails(fd) ? -1 : real(fd, length);
  if (result == 0) record('T', named(fd), NULL, length, NULL, 0);
  pthread_mutex_unlock(&turn);
  return result;
}
int ftruncate(int fd, off_t length) { return truncate_at(fd, length); }
int ftruncate64(int fd, off_t length) { return truncate_at(fd, length); }

static int sync_at(const char *name, int fd) {
  int (*real)(int) = dlsym(RTLD_NEXT, name);
  if (!named(fd)) return real(fd);
  pthread_mutex_lock(&turn);
  struct stat about;
  int folder = fstat(fd, &about) == 0 && S_ISDIR(about.st_mode);
  /* the disk under the test need not be waited for: what counts is the record */
  int result = fails(fd) ? -1 : 0;
  if (result == 0) record(!strcmp(name, "syncfs") ? 'S' : folder ? 'D' : 'F', named(fd), NULL, 0, NULL, 0);
  pthread_mutex_unlock(&turn);
  return result;
}
int fsync(int fd) { return sync_at("fsync", fd); }
int fdatasync(int fd) { return sync_at("fdatasync", fd); }
int syncfs(int fd) { return sync_at("syncfs", fd); }

int rename(const char *from, const char *to) {
  REAL(int, "rename", const char *, const char *);
  pthread_mutex_lock(&turn);
  int result = real(from, to);
  if (result == 0 && below(from) && below(to)) record('R', from, to, 0, NULL, 0);
  pthread_mutex_unlock(&turn);
  return result;
}

int unlink(const char *path) {
  REAL(int, "unlink", const char *);
  if (!below(path)) return real(path);
  pthread_mutex_lock(&turn);
  const char *mark = strstr(path, "/.mark/");
  int result = 0;
  if (mark) {
    long count;
    int number;
    if (sscanf(mark, "/.mark/fail:%ld:%d", &count, &number) == 2) {
      countdown = count > 0 ? count : -1;
      failure = number;
    } else {
      record('X', mark + 7, NULL, 0, NULL, 0);
    }
  } else {
    result = real(path);
    if (result == 0) record('U', path, NULL, 0, NULL, 0);
  }
  pthread_mutex_unlock(&turn);
  return result;
}

int mkdir(const char *path, mode_t mode) {
  REAL(int, "mkdir", const char *, mode_t);
  pthread_mutex_lock(&turn);
  int result = real(path, mode);
  if (result == 0 && below(path)) record('M', path, NULL, 0, NULL, 0);
  pthread_mutex_unlock(&turn);
  return result;
}
