// SPDX-License-Identifier: MIT
// Load generator for REST proxies: one thread, epoll, keep-alive connections, one request each at a
// time. Prints JSON lines.
//   httpload HOST PORT KIND CONNECTIONS [option=value ...]
// KIND is
//   info     GET /node/info
//   get      GET /key/H of one of `keys` keys
//   post     POST /key/H of a value of `vsize` bytes under a key of its own
//   fill     as post, once for each of `keys` keys, until all are stored
//   listen   opens CONNECTIONS listens, each on a key of its own or, with shared=1, all on one;
//            prints `open`; for each line of the input, which is a number of values, that many are
//            posted one after the other, and what it took to reach the listeners is printed
// Options: seconds=3 warm=0.5 keys=1000 vsize=100 seed=1 shared=0 pid=0 (whose memory is reported)
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef uint64_t u64;
#define BUFFER 8192
#define REQUEST 4096
#define MAXLATENCIES 4000000
/** Listens that are being opened at once; the server's queue of connections is finite. */
#define OPENING 64
#define WAIT_S 20
/** For a value to reach a listener; afterwards it counts as lost. */
#define DELIVERY_S 3
/** Between values that are put for listeners. */
#define BETWEEN_US 20000

struct connection {
  int fd, used, isOpen;
  u64 sentAt;
  long key;
  /** 0 in the head, 1 in a body of known length, 2 in chunks, 3 in a chunk's size. */
  int state, status;
  long left;
  char buffer[BUFFER];
};

static const char *host, *kind;
static int port, epoll;
static long keys = 1000, vsize = 100, seed = 1, shared = 0, pid = 0, nextKey;
static double seconds = 3, warm = 0.5;
static struct connection *all;
static long count, done, failed, latencies;
static double *latency;
static char value[65536];

static u64 now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (u64)t.tv_sec * 1000000000ull + t.tv_nsec;
}

static u64 mix(u64 x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void key_text(long i, char *out) {
  u64 a = mix(i * 3 + seed * 1000003), b = mix(a + 1), c = mix(b + 2);
  sprintf(out, "%016llx%016llx%08x", (unsigned long long)a, (unsigned long long)b, (uint32_t)c);
}

/** Base64 of `vsize` bytes that differ from value to value. */
static void fill_value(u64 salt) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  long length = vsize / 3 * 4;
  for (long i = 0; i < length; i++) value[i] = digits[mix(salt * 4099 + i) & 63];
  value[length] = 0;
}

static int connect_to(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, host, &to.sin_addr);
  if (fd < 0) die("socket");
  if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

static void write_all(int fd, const char *text, long length) {
  while (length > 0) {
    long n = send(fd, text, length, MSG_NOSIGNAL);
    if (n < 0) die("send");
    text += n;
    length -= n;
  }
}

static long post_text(char *out, long key) {
  char name[48], body[sizeof value + 64];
  key_text(key, name);
  fill_value(key + 1);
  int length = sprintf(body, "{\"data\":\"%s\",\"id\":\"0\",\"type\":0}", value);
  return sprintf(out,
                 "POST /key/%s HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: application/json\r\n"
                 "Content-Length: %d\r\n\r\n%s",
                 name, host, port, length, body);
}

static void send_request(struct connection *c) {
  static char text[sizeof value + REQUEST];
  char name[48];
  long length;
  if (!strcmp(kind, "post") || !strcmp(kind, "fill")) {
    c->key = nextKey++;
    length = post_text(text, c->key);
  } else if (!strcmp(kind, "get")) {
    key_text((long)(mix(nextKey++) % (u64)keys), name);
    length = sprintf(text, "GET /key/%s HTTP/1.1\r\nHost: %s:%d\r\n\r\n", name, host, port);
  } else {
    length = sprintf(text, "GET /node/info HTTP/1.1\r\nHost: %s:%d\r\n\r\n", host, port);
  }
  c->state = 0;
  c->sentAt = now_ns();
  write_all(c->fd, text, length);
}

static void drop(struct connection *c, long n) {
  c->used -= n;
  memmove(c->buffer, c->buffer + n, c->used);
}

/** Reads the head if it is whole. */
static int read_head(struct connection *c) {
  char *end = memmem(c->buffer, c->used, "\r\n\r\n", 4);
  if (end == NULL) return 0;
  *end = 0;
  c->status = atoi(c->buffer + 9);
  char *length = strcasestr(c->buffer, "\r\ncontent-length:");
  int isChunked = strcasestr(c->buffer, "\r\ntransfer-encoding: chunked") != NULL;
  c->left = length ? atol(length + 17) : 0;
  c->state = isChunked ? 3 : 1;
  drop(c, end + 4 - c->buffer);
  return 1;
}

/** Takes what was received; `on_data` hears of the body. Returns whether the reply ended. */
static int parse(struct connection *c, void (*on_data)(struct connection *, char *, long)) {
  for (;;) {
    if (c->state == 0) {
      if (!read_head(c)) return 0;
      if (c->state == 1 && c->left == 0) return 1;
    } else if (c->state == 3) {
      char *end = memmem(c->buffer, c->used, "\r\n", 2);
      if (end == NULL) return 0;
      long size = strtol(c->buffer, NULL, 16);
      if (size == 0) {
        if (end + 4 - c->buffer > c->used) return 0;
        drop(c, end + 4 - c->buffer);
        return 1;
      }
      drop(c, end + 2 - c->buffer);
      c->left = size + 2;
      c->state = 2;
    } else {
      long n = c->left < c->used ? c->left : c->used;
      if (n == 0) return 0;
      if (on_data) on_data(c, c->buffer, n);
      drop(c, n);
      c->left -= n;
      if (c->left > 0) return 0;
      if (c->state == 1) return 1;
      c->state = 3;
    }
  }
}

/** Returns 0 at the end of the connection. */
static int receive(struct connection *c) {
  long n = recv(c->fd, c->buffer + c->used, BUFFER - c->used, 0);
  if (n <= 0) return n < 0 && (errno == EAGAIN || errno == EINTR);
  c->used += n;
  return 1;
}

static void open_connection(struct connection *c) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  memset(c, 0, offsetof(struct connection, buffer));
  c->fd = connect_to();
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) < 0) die("epoll_ctl");
}

static int ascending(const void *a, const void *b) {
  double x = *(double *)a, y = *(double *)b;
  return x < y ? -1 : x > y;
}

static double percentile(double p) {
  if (latencies == 0) return 0;
  long at = (long)(latencies * p);
  return latency[at < latencies ? at : latencies - 1];
}

static long memory_kb(void) {
  char path[64], line[256];
  long kb = 0;
  sprintf(path, "/proc/%ld/status", pid);
  FILE *file = pid ? fopen(path, "r") : NULL;
  if (!file) return 0;
  while (fgets(line, sizeof line, file)) sscanf(line, "VmRSS: %ld", &kb);
  fclose(file);
  return kb;
}

static double cpu_s(void) {
  char path[64];
  long user = 0, system = 0;
  sprintf(path, "/proc/%ld/stat", pid);
  FILE *file = pid ? fopen(path, "r") : NULL;
  if (!file) return 0;
  if (fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system) != 2)
    user = system = 0;
  fclose(file);
  return (double)(user + system) / sysconf(_SC_CLK_TCK);
}

static void run_load(void) {
  int isFill = !strcmp(kind, "fill");
  u64 start = now_ns(), from = start + (u64)(warm * 1e9), end = from + (u64)(seconds * 1e9);
  double cpu = 0;
  int isWarm = isFill;
  if (!isFill) nextKey = seed * 10000000;
  for (long i = 0; i < count; i++) {
    open_connection(&all[i]);
    send_request(&all[i]);
  }
  struct epoll_event events[512];
  for (;;) {
    u64 now = now_ns();
    if (!isWarm && now >= from) {
      isWarm = 1;
      done = failed = latencies = 0;
      from = now;
      cpu = cpu_s();
    }
    if (isFill ? done + failed >= keys : now >= end) break;
    int n = epoll_wait(epoll, events, 512, 100);
    for (int i = 0; i < n; i++) {
      struct connection *c = events[i].data.ptr;
      if (!receive(c)) {
        failed++;
        close(c->fd);
        open_connection(c);
        send_request(c);
        continue;
      }
      if (!parse(c, NULL)) continue;
      if (c->status == 200) {
        done++;
        if (latencies < MAXLATENCIES) latency[latencies++] = (now_ns() - c->sentAt) / 1e3;
      } else {
        failed++;
      }
      if (!isFill || nextKey < keys) send_request(c);
    }
  }
  double took = (now_ns() - from) / 1e9;
  qsort(latency, latencies, sizeof *latency, ascending);
  printf("{\"row\":\"%s\",\"perS\":%.1f,\"p50Us\":%.0f,\"p99Us\":%.0f,\"maxUs\":%.0f,"
         "\"failed\":%ld,\"cpuUs\":%.1f,\"rssKb\":%ld}\n",
         kind, done / took, percentile(0.5), percentile(0.99), percentile(1), failed,
         done ? (cpu_s() - cpu) * 1e6 / done : 0, memory_kb());
}

static u64 touchedAt;
static long touched = -1, touches, heard;

/** A line for a listener, which may get a value twice. */
static void on_line(struct connection *c, char *data, long length) {
  if (touched < 0 || (!shared && c - all != touched) || !memmem(data, length, "\"data\"", 6)) return;
  if (c->key == touches) return;
  c->key = touches;
  heard++;
  if (latencies < MAXLATENCIES) latency[latencies++] = (now_ns() - touchedAt) / 1e6;
}

/** Reads what listeners get, until `isEnough` or the time is over. */
static int pump(int (*isEnough)(void), double limit) {
  struct epoll_event events[512];
  u64 end = now_ns() + (u64)(limit * 1e9);
  while (!isEnough()) {
    if (now_ns() > end) return 0;
    int n = epoll_wait(epoll, events, 512, 50);
    for (int i = 0; i < n; i++) {
      struct connection *c = events[i].data.ptr;
      if (!receive(c)) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL);
        failed++;
        continue;
      }
      parse(c, on_line);
      if (!c->isOpen && c->state != 0) {
        c->isOpen = 1;
        if (c->status == 200) done++;
        else failed++;
      }
    }
  }
  return 1;
}

static long opened;
static int is_caught_up(void) { return done + failed >= opened - OPENING; }
static int is_open(void) { return done + failed >= opened; }
static int is_heard(void) { return heard >= (shared ? count : 1); }

static void open_listens(void) {
  char name[48], text[REQUEST];
  u64 start = now_ns();
  for (long i = 0; i < count; i++) {
    open_connection(&all[i]);
    key_text(shared ? 0 : i, name);
    int length = sprintf(text, "GET /key/%s/listen HTTP/1.1\r\nHost: %s:%d\r\n\r\n", name, host, port);
    write_all(all[i].fd, text, length);
    opened++;
    // A server that stands still is not asked for more.
    if (!pump(is_caught_up, WAIT_S)) break;
  }
  pump(is_open, WAIT_S);
  failed = count - done;
  printf("{\"row\":\"open\",\"opened\":%ld,\"failed\":%ld,\"seconds\":%.3f,\"rssKb\":%ld}\n", done,
         failed, (now_ns() - start) / 1e9, memory_kb());
  fflush(stdout);
}

static void touch(long which, long round) {
  static char text[sizeof value + REQUEST], name[48], body[sizeof value + 64];
  key_text(shared ? 0 : which, name);
  fill_value(round * 7919 + which + 1);
  int length = sprintf(body, "{\"data\":\"%s\",\"id\":\"0\",\"type\":0}", value);
  long all_ = sprintf(text, "POST /key/%s HTTP/1.1\r\nHost: %s:%d\r\nContent-Length: %d\r\n\r\n%s", name,
                      host, port, length, body);
  int fd = connect_to();
  heard = 0;
  touches++;
  touched = which;
  touchedAt = now_ns();
  write_all(fd, text, all_);
  if (!pump(is_heard, DELIVERY_S)) failed++;
  touched = -1;
  // The reply comes when the network has the value: nobody waits for it here.
  close(fd);
  usleep(BETWEEN_US);
}

static void run_listens(void) {
  char line[64];
  open_listens();
  for (long round = 1; fgets(line, sizeof line, stdin); round++) {
    long values = atol(line);
    latencies = failed = 0;
    for (long i = 0; i < values; i++) touch((long)(mix(round * 131 + i) % (u64)count), round * 1000 + i);
    qsort(latency, latencies, sizeof *latency, ascending);
    printf("{\"row\":\"touched\",\"p50Ms\":%.3f,\"p99Ms\":%.3f,\"maxMs\":%.3f,\"delivered\":%ld,"
           "\"failed\":%ld,\"rssKb\":%ld}\n",
           percentile(0.5), percentile(0.99), percentile(1), latencies, failed, memory_kb());
    fflush(stdout);
  }
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: httpload HOST PORT info|get|post|fill|listen CONNECTIONS [option=value ...]\n");
    return 2;
  }
  host = argv[1];
  port = atoi(argv[2]);
  kind = argv[3];
  count = atol(argv[4]);
  for (int i = 5; i < argc; i++) {
    char *text = strchr(argv[i], '=');
    if (!text) continue;
    *text++ = 0;
    if (!strcmp(argv[i], "seconds")) seconds = atof(text);
    else if (!strcmp(argv[i], "warm")) warm = atof(text);
    else if (!strcmp(argv[i], "keys")) keys = atol(text);
    else if (!strcmp(argv[i], "vsize")) vsize = atol(text);
    else if (!strcmp(argv[i], "seed")) seed = atol(text);
    else if (!strcmp(argv[i], "shared")) shared = atol(text);
    else if (!strcmp(argv[i], "pid")) pid = atol(text);
    else {
      fprintf(stderr, "no option is called %s\n", argv[i]);
      return 2;
    }
  }
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  epoll = epoll_create1(0);
  all = calloc(count, sizeof *all);
  latency = malloc(MAXLATENCIES * sizeof *latency);
  if (!all || !latency || epoll < 0) die("set-up");
  if (!strcmp(kind, "listen")) run_listens();
  else run_load();
  return 0;
}
