// SPDX-License-Identifier: MIT
// Load generator: floods one OpenDHT node with valid requests (sendmmsg), answers the node's own
// pings, counts replies and prints one JSON line. No library needed.
//   udpload HOST PORT SECONDS KIND OUTSTANDING [option=value ...]
// KIND is ping, find, get, put, listen or junk, which nobody answers; OUTSTANDING is the number of
// requests in flight, with rate=R the most of them. Options:
//   socks=16      UDP sockets, each with a fixed node id that answers the node's pings and finds
//   idsper=1      ids per socket; with more than one, the node's own pings are not answered
//   srcips=0      N: socket i is bound to from + (i % N) * step, because of limits per address
//   from=127.0.0.2  step=1   256 for networks of their own
//   client=0      1: send `s`, so that the node leaves us out of its routing table
//   rate=0        requests per second, 0 for as many as are answered
//   timeout=1000  milliseconds after which a request counts as lost
//   keys=0        N: targets out of N fixed keys; 0: random ones
//   seqkeys=0     1: fixed keys in order, each once, beginning with first=0
//   count=0       stop after that many replies; with seqkeys, after that many requests
//   vsize=100     bytes of a value
//   created=0     1: puts say when the value was made: now, or age=N seconds ago
//   net=0         network id;  seed=1  of ids and random targets
//   pid=0         process whose CPU time and memory are reported
//   warm=0.5      seconds of traffic before the measurement
//   dump=0        1: print the bytes of the first requests and replies
//   noanswer=0    1: never answer the node's own requests
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAXOUT 65536
#define BATCH 64
#define MAXSOCK 4096
#define BUFSZ 2048
#define JUNK 100
typedef uint64_t u64;
typedef uint8_t u8;
typedef uint32_t u32;

static u64 now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (u64)t.tv_sec * 1000000000ull + t.tv_nsec;
}
static u64 rs;
static u64 rnd(void) {
  rs ^= rs << 13;
  rs ^= rs >> 7;
  rs ^= rs << 17;
  return rs;
}
static u64 mix(u64 x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}
static void keyidx(u64 i, u8 *k) {
  u64 a = mix(i * 3 + 11), b = mix(a ^ 0x1234567), c = mix(b + i);
  memcpy(k, &a, 8);
  memcpy(k + 8, &b, 8);
  memcpy(k + 16, &c, 4);
}

static const char *host, *kind;
static int port, outst;
static double secs;
static long socks = 16, idsper = 1, srcips = 0, step = 1, client = 0, rate = 0, timeout_ms = 1000, keys = 0,
            seqkeys = 0, first_ = 0, count = 0, vsize = 100, created = 0, age = 0, net = 0,
            seed = 1, pid = 0, dump = 0, noanswer = 0;
static double warm = 0.5;
static u32 from = 0x7f000002;
static int fds[MAXSOCK];
static u8 (*ids)[20];
static u8 tokens[MAXSOCK][64];
static int toklen[MAXSOCK];
static struct {
  u64 t;
  u32 tid;
  u8 used;
} slot[MAXOUT];
static u32 freel[MAXOUT];
static int nfree;
static u32 gen = 1;
static u64 sent, got, errs, lost, late, inreq, bytes_in, bytes_out, nvals, nnodes, nbad, puts_seq;
// log histogram of latency, ~2% buckets
#define HB 2048
static u64 hist[HB], maxlat, over100;
static int hbk(u64 ns) {
  if (ns < 1000) ns = 1000;
  int e = 63 - __builtin_clzll(ns);
  int m = (ns >> (e - 5)) & 31;
  int i = (e - 9) * 32 + m;
  return i < 0 ? 0 : i >= HB ? HB - 1 : i;
}
static double hval(int i) {
  int e = i / 32 + 9, m = i % 32;
  return (double)((1ull << e) + ((u64)m << (e - 5))) * 1.0 + ((double)(1ull << (e - 5))) / 2;
}
static double pct(double p) {
  u64 n = 0, c = 0;
  for (int i = 0; i < HB; i++) n += hist[i];
  if (!n) return 0;
  u64 t = (u64)(p * n);
  for (int i = 0; i < HB; i++) {
    c += hist[i];
    if (c > t) return hval(i) / 1000.0;
  }
  return 0;
}

// ---- msgpack writer
static u8 *w_str(u8 *p, const char *s) {
  size_t n = strlen(s);
  *p++ = 0xa0 | n;
  memcpy(p, s, n);
  return p + n;
}
static u8 *w_bin(u8 *p, const void *d, size_t n) {
  if (n < 256) {
    *p++ = 0xc4;
    *p++ = n;
  } else {
    *p++ = 0xc5;
    *p++ = n >> 8;
    *p++ = n;
  }
  memcpy(p, d, n);
  return p + n;
}
static u8 *w_u32(u8 *p, u32 v) {
  *p++ = 0xce;
  *p++ = v >> 24;
  *p++ = v >> 16;
  *p++ = v >> 8;
  *p++ = v;
  return p;
}
static u8 *w_u64(u8 *p, u64 v) {
  *p++ = 0xcf;
  for (int i = 7; i >= 0; i--) *p++ = v >> (i * 8);
  return p;
}
static u8 *w_uint(u8 *p, u64 v) {
  if (v < 128) {
    *p++ = v;
    return p;
  }
  if (v < 256) {
    *p++ = 0xcc;
    *p++ = v;
    return p;
  }
  if (v < 65536) {
    *p++ = 0xcd;
    *p++ = v >> 8;
    *p++ = v;
    return p;
  }
  if (v < (1ull << 32)) return w_u32(p, v);
  return w_u64(p, v);
}
static u8 *tail_(u8 *p, const char *q, u32 tid) {
  if (q) {
    p = w_str(p, "q");
    p = w_str(p, q);
  }
  p = w_str(p, "t");
  p = w_u32(p, tid);
  p = w_str(p, "y");
  p = w_str(p, q ? "q" : "r");
  p = w_str(p, "v");
  p = w_str(p, "o2");
  if (net) {
    p = w_str(p, "n");
    p = w_uint(p, net);
  }
  if (client) {
    p = w_str(p, "s");
    *p++ = 0xc3;
  }
  return p;
}
static u8 target[20];
static u64 putidx;
static void pick(void) {
  if (seqkeys) {
    putidx = first_ + puts_seq++;
    keyidx(putidx, target);
  } else if (keys) {
    putidx = first_ + rnd() % keys;
    keyidx(putidx, target);
  } else {
    u64 a = rnd(), b = rnd(), c = rnd();
    memcpy(target, &a, 8);
    memcpy(target + 8, &b, 8);
    memcpy(target + 16, &c, 4);
  }
}
static int build(u8 *b, int s, u32 tid, const char *k) {
  u8 *p = b;
  const u8 *id = ids[s * idsper + (idsper > 1 ? rnd() % idsper : 0)];
  *p++ = 0x80 | (5 + (net ? 1 : 0) + (client ? 1 : 0));
  p = w_str(p, "a");
  if (!strcmp(k, "ping")) {
    *p++ = 0x81;
    p = w_str(p, "id");
    p = w_bin(p, id, 20);
  } else if (!strcmp(k, "find")) {
    pick();
    *p++ = 0x83;
    p = w_str(p, "id");
    p = w_bin(p, id, 20);
    p = w_str(p, "target");
    p = w_bin(p, target, 20);
    p = w_str(p, "w");
    *p++ = 0x91;
    *p++ = 2;
  } else if (!strcmp(k, "get")) {
    pick();
    *p++ = 0x82;
    p = w_str(p, "id");
    p = w_bin(p, id, 20);
    p = w_str(p, "h");
    p = w_bin(p, target, 20);
  } else if (!strcmp(k, "put")) {
    pick();
    *p++ = 0x80 | (created ? 5 : 4);
    p = w_str(p, "id");
    p = w_bin(p, id, 20);
    p = w_str(p, "h");
    p = w_bin(p, target, 20);
    p = w_str(p, "values");
    *p++ = 0x91;
    *p++ = 0x82;
    p = w_str(p, "id");
    p = w_u64(p, mix(putidx + 7) | (1ull << 63));
    p = w_str(p, "dat");
    *p++ = 0x81;
    p = w_str(p, "body");
    *p++ = 0x82;
    p = w_str(p, "type");
    *p++ = 0;
    p = w_str(p, "data");
    static u8 data[1400];
    for (int i = 0; i < vsize && i < 1400; i += 8) {
      u64 r = mix(putidx * 977 + i);
      memcpy(data + i, &r, vsize - i < 8 ? vsize - i : 8);
    }
    p = w_bin(p, data, vsize);
    if (created) {
      p = w_str(p, "c");
      p = w_uint(p, time(0) - age);
    }
    p = w_str(p, "token");
    p = w_bin(p, tokens[s], toklen[s]);
  } else if (!strcmp(k, "listen")) {
    pick();
    *p++ = 0x85;
    p = w_str(p, "id");
    p = w_bin(p, id, 20);
    p = w_str(p, "ve");
    *p++ = 1;
    p = w_str(p, "h");
    p = w_bin(p, target, 20);
    p = w_str(p, "token");
    p = w_bin(p, tokens[s], toklen[s]);
    p = w_str(p, "sid");
    p = w_u32(p, (u32)mix(putidx) | 0x80000000u);
  } else if (!strcmp(k, "junk")) {
    // A byte that MessagePack has no meaning for.
    memset(b, 0xc1, JUNK);
    return JUNK;
  } else {
    fprintf(stderr, "bad kind\n");
    exit(2);
  }
  p = tail_(p, k, tid);
  return p - b;
}
// ---- msgpack reader (skip based)
static const u8 *skip(const u8 *p, const u8 *e, int d) {
  if (!p || p >= e || d > 16) return 0;
  u8 c = *p++;
  u64 n = 0;
  if (c < 0x80 || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3) return p;
  if ((c & 0xe0) == 0xa0) {
    n = c & 31;
    return p + n <= e ? p + n : 0;
  }
  if ((c & 0xf0) == 0x80) {
    n = 2 * (c & 15);
    goto rep;
  }
  if ((c & 0xf0) == 0x90) {
    n = c & 15;
    goto rep;
  }
  switch (c) {
    case 0xc4:
    case 0xd9:
      if (p >= e) return 0;
      n = *p++;
      break;
    case 0xc5:
    case 0xda:
      if (p + 2 > e) return 0;
      n = p[0] << 8 | p[1];
      p += 2;
      break;
    case 0xc6:
    case 0xdb:
      if (p + 4 > e) return 0;
      n = (u64)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
      p += 4;
      break;
    case 0xcc:
    case 0xd0:
      n = 1;
      break;
    case 0xcd:
    case 0xd1:
      n = 2;
      break;
    case 0xce:
    case 0xd2:
    case 0xca:
      n = 4;
      break;
    case 0xcf:
    case 0xd3:
    case 0xcb:
      n = 8;
      break;
    case 0xdc:
      if (p + 2 > e) return 0;
      n = p[0] << 8 | p[1];
      p += 2;
      goto rep;
    case 0xde:
      if (p + 2 > e) return 0;
      n = 2 * (p[0] << 8 | p[1]);
      p += 2;
      goto rep;
    case 0xd4:
      n = 2;
      break;
    case 0xd5:
      n = 3;
      break;
    case 0xd6:
      n = 5;
      break;
    case 0xd7:
      n = 9;
      break;
    case 0xd8:
      n = 17;
      break;
    default:
      return 0;
  }
  return p + n <= e ? p + n : 0;
rep:
  while (n--) {
    p = skip(p, e, d + 1);
    if (!p) return 0;
  }
  return p;
}
static int keyis(const u8 *p, const char *k) {
  size_t n = strlen(k);
  return *p == (0xa0 | n) && !memcmp(p + 1, k, n);
}
static u64 r_uint(const u8 *p, int *ok) {
  *ok = 1;
  if (*p < 0x80) return *p;
  if (*p == 0xcc) return p[1];
  if (*p == 0xcd) return p[1] << 8 | p[2];
  if (*p == 0xce) return (u64)p[1] << 24 | p[2] << 16 | p[3] << 8 | p[4];
  if (*p == 0xc4 && p[1] == 4) {
    p++;
    return (u64)p[1] << 24 | p[2] << 16 | p[3] << 8 | p[4];
  }
  if (*p == 0xa4) return (u64)p[1] << 24 | p[2] << 16 | p[3] << 8 | p[4];
  *ok = 0;
  return 0;
}
struct msg {
  u32 tid;
  int hast, isq, isr, ise, errc;
  const u8 *token;
  int tl;
  int n4, hasval;
  char q[12];
};
static int binlen(const u8 *p, const u8 **d) {
  if (*p == 0xc4) {
    *d = p + 2;
    return p[1];
  }
  if (*p == 0xc5) {
    *d = p + 3;
    return p[1] << 8 | p[2];
  }
  return -1;
}
static int mapn(const u8 *p) {
  if ((*p & 0xf0) == 0x80) return *p & 15;
  return -1;
}
static int parse(const u8 *b, int n, struct msg *m) {
  memset(m, 0, sizeof *m);
  const u8 *p = b, *e = b + n;
  if (n < 2) return -1;
  int k = mapn(p);
  if (k < 0) return -1;
  p++;
  while (k--) {
    if (p >= e) return -1;
    const u8 *key = p;
    p = skip(p, e, 0);
    if (!p || p >= e) return -1;
    const u8 *v = p;
    p = skip(p, e, 0);
    if (!p) return -1;
    if (keyis(key, "t")) {
      int ok;
      m->tid = r_uint(v, &ok);
      m->hast = ok;
    } else if (keyis(key, "q")) {
      int l = *v & 31;
      if (l < 12 && (*v & 0xe0) == 0xa0) {
        memcpy(m->q, v + 1, l);
        m->isq = 1;
      }
    } else if (keyis(key, "e")) {
      m->ise = 1;
      const u8 *a = v + 1;
      int ok;
      m->errc = r_uint(a, &ok);
    } else if (keyis(key, "r")) {
      m->isr = 1;
      int kk = mapn(v);
      const u8 *x = v + 1;
      while (kk-- > 0) {
        const u8 *k2 = x;
        x = skip(x, e, 0);
        if (!x) return -1;
        const u8 *v2 = x;
        x = skip(x, e, 0);
        if (!x) return -1;
        const u8 *d;
        if (keyis(k2, "token")) {
          m->tl = binlen(v2, &d);
          if (m->tl < 0) {  // packed as array of ints by some versions
            m->tl = 0;
          } else
            m->token = d;
        } else if (keyis(k2, "n4")) {
          int l = binlen(v2, &d);
          if (l > 0) m->n4 = l / 26;
        } else if (keyis(k2, "values"))
          m->hasval = 1;
      }
    }
  }
  return 0;
}
static void hex(const char *l, const u8 *b, int n) {
  printf("%s[%d] ", l, n);
  for (int i = 0; i < n; i++) printf("%02x", b[i]);
  printf("\n");
}
static struct sockaddr_in dst;
// answer server's requests
static void answer(int s, const struct msg *m) {
  if (noanswer || idsper > 1) return;
  u8 b[256], *p = b;
  *p++ = 0x80 | (4 + (net ? 1 : 0) + (client ? 1 : 0));
  p = w_str(p, "r");
  int tk = strcmp(m->q, "ping") !=
           0; /* a reply to find/get must carry a token, or OpenDHT blacklists us */
  *p++ = tk ? 0x83 : 0x82;
  p = w_str(p, "id");
  p = w_bin(p, ids[s], 20);
  p = w_str(p, "sa");
  u8 a[4] = {127, 0, 0, 1};
  p = w_bin(p, a, 4);
  if (tk) {
    u8 t[32];
    memset(t, 0x5a, 32);
    p = w_str(p, "token");
    p = w_bin(p, t, 32);
  }
  p = tail_(p, NULL, m->tid);
  sendto(fds[s], b, p - b, MSG_DONTWAIT, (void *)&dst, sizeof dst);
}
// CPU seconds of all threads, to the nanosecond: the ticks of /proc/PID/stat are too coarse.
static double cpu(long pid, long *rss) {
  char path[300], line[1024];
  double sum = 0;
  *rss = 0;
  snprintf(path, sizeof path, "/proc/%ld/task", pid);
  DIR *tasks = opendir(path);
  if (!tasks) return 0;
  for (struct dirent *task; (task = readdir(tasks));) {
    snprintf(path, sizeof path, "/proc/%ld/task/%s/schedstat", pid, task->d_name);
    FILE *file = task->d_name[0] == '.' ? 0 : fopen(path, "r");
    unsigned long ns = 0;
    if (file && fscanf(file, "%lu", &ns) == 1) sum += ns * 1e-9;
    if (file) fclose(file);
  }
  closedir(tasks);
  snprintf(path, sizeof path, "/proc/%ld/status", pid);
  FILE *file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file))
    if (!strncmp(line, "VmRSS:", 6)) *rss = atol(line + 6);
  if (file) fclose(file);
  return sum;
}
int main(int c, char **v) {
  if (c < 6) {
    fprintf(stderr, "usage: udpload host port seconds kind outstanding [opt=value...]\n");
    return 2;
  }
  host = v[1];
  port = atoi(v[2]);
  secs = atof(v[3]);
  kind = v[4];
  outst = atoi(v[5]);
  if (outst > MAXOUT) outst = MAXOUT;
  for (int i = 6; i < c; i++) {
    char *eq = strchr(v[i], '=');
    if (!eq) return 2;
    long x = atol(eq + 1);
    size_t n = eq - v[i];
#define O(nm, var) else if (n == strlen(nm) && !strncmp(v[i], nm, n)) var = x
    if (!strncmp(v[i], "warm=", 5)) warm = atof(eq + 1);
    else if (!strncmp(v[i], "from=", 5)) {
      struct in_addr a;
      if (inet_pton(AF_INET, eq + 1, &a) != 1) return 2;
      from = ntohl(a.s_addr);
    }
    O("socks", socks);
    O("idsper", idsper);
    O("srcips", srcips);
    O("step", step);
    O("client", client);
    O("rate", rate);
    O("timeout", timeout_ms);
    O("keys", keys);
    O("seqkeys", seqkeys);
    O("first", first_);
    O("count", count);
    O("vsize", vsize);
    O("created", created);
    O("age", age);
    O("net", net);
    O("seed", seed);
    O("pid", pid);
    O("dump", dump);
    O("noanswer", noanswer);
    else {
      fprintf(stderr, "unknown option %s\n", v[i]);
      return 2;
    }
  }
  if (socks > MAXSOCK) socks = MAXSOCK;
  if (dump) {
    outst = 1;
    warm = 0;
  }
  rs = mix(seed) | 1;
  ids = malloc(20 * socks * idsper);
  for (long i = 0; i < socks * idsper; i++)
    for (int j = 0; j < 20; j += 4) {
      u64 r = rnd();
      memcpy(ids[i] + j, &r, 4);
    }
  dst.sin_family = AF_INET;
  dst.sin_port = htons(port);
  inet_pton(AF_INET, host, &dst.sin_addr);
  int ep = epoll_create1(0);
  for (int i = 0; i < socks; i++) {
    fds[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    int sz = 4 << 20;
    setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &sz, sizeof sz);
    if (srcips) {
      struct sockaddr_in a = {.sin_family = AF_INET};
      a.sin_addr.s_addr = htonl(from + i % srcips * step);
      if (bind(fds[i], (void *)&a, sizeof a)) {
        perror("bind");
        return 1;
      }
    }
    if (connect(fds[i], (void *)&dst, sizeof dst)) {
      perror("connect");
      return 1;
    }
    struct epoll_event ev = {.events = EPOLLIN, .data.u32 = i};
    epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &ev);
  }
  // tokens
  if (!strcmp(kind, "put") || !strcmp(kind, "listen"))
    for (int i = 0; i < socks; i++) {
      for (int tr = 0; tr < 10 && !toklen[i]; tr++) {
        u8 b[BUFSZ];
        long sk = seqkeys;
        seqkeys = 0;
        int n = build(b, i, 0x70000000u + i, "get");
        seqkeys = sk;
        if (dump) hex("token-get req", b, n);
        send(fds[i], b, n, 0);
        struct pollfd pf = {fds[i], POLLIN, 0};
        while (poll(&pf, 1, 500) > 0) {
          int r = recv(fds[i], b, BUFSZ, 0);
          struct msg m;
          if (r > 0 && !parse(b, r, &m)) {
            if (m.isq)
              answer(i, &m);
            else if (m.tid == 0x70000000u + i) {
              if (dump) hex("token-get reply", b, r);
              if (m.tl > 0 && m.tl <= 64) {
                memcpy(tokens[i], m.token, m.tl);
                toklen[i] = m.tl;
              }
              break;
            }
          }
        }
      }
      if (!toklen[i]) {
        fprintf(stderr, "no token for socket %d\n", i);
        return 3;
      }
    }
  nfree = outst;
  for (int i = 0; i < outst; i++) freel[i] = outst - 1 - i;
  static u8 sb[BATCH][BUFSZ], rb[BATCH][BUFSZ];
  struct mmsghdr sm[BATCH], rm[BATCH];
  struct iovec si[BATCH], ri[BATCH];
  memset(sm, 0, sizeof sm);
  memset(rm, 0, sizeof rm);
  for (int i = 0; i < BATCH; i++) {
    ri[i] = (struct iovec){rb[i], BUFSZ};
    rm[i].msg_hdr.msg_iov = &ri[i];
    rm[i].msg_hdr.msg_iovlen = 1;
    sm[i].msg_hdr.msg_iov = &si[i];
    sm[i].msg_hdr.msg_iovlen = 1;
  }
  u64 t0 = now_ns(), tm = t0 + (u64)(warm * 1e9), tend = tm + (u64)(secs * 1e9), lastscan = t0,
      total_sent = 0, total_got = 0;
  int isjunk = !strcmp(kind, "junk"), measuring = 0, cur = 0, dumped = 0;
  double cpu0 = 0;
  long rss0 = 0, rss1 = 0;
  u64 tstart = t0;
  double ratebase = 0;
  u64 ratecnt = 0;
  for (;;) {
    u64 t = now_ns();
    if (t >= tend) break;
    if (count && total_got >= (u64)count) break;
    // What was lost is not sent again.
    if (count && seqkeys && total_sent >= (u64)count && nfree == outst) break;
    if (!measuring && t >= tm) {
      measuring = 1;
      tstart = t;
      sent = got = errs = lost = late = inreq = bytes_in = bytes_out = nvals = nnodes = nbad = 0;
      memset(hist, 0, sizeof hist);
      maxlat = over100 = 0;
      if (pid) cpu0 = cpu(pid, &rss0);
    }
    // send
    int budget = nfree;
    if (rate) {
      if (ratebase == 0) ratebase = t;
      double due = (t - ratebase) * 1e-9 * rate - ratecnt;
      if (due < 0) due = 0;
      if (due < budget) budget = (int)due;
    }
    if (count && seqkeys) {
      long left = count - (long)total_sent;
      if (left < budget) budget = left < 0 ? 0 : left;
    }
    while (budget > 0) {
      int n = budget < BATCH ? budget : BATCH;
      if (n > (int)(outst / socks) + 1) n = outst / socks + 1;
      if (n > budget) n = budget;
      u64 ts = now_ns();
      u32 sl[BATCH];
      for (int i = 0; i < n; i++) {
        sl[i] = freel[--nfree];
        u32 tid = 0x80000000u | ((gen++ & 0x7fff) << 16) | sl[i];
        slot[sl[i]].tid = tid;
        slot[sl[i]].t = ts;
        slot[sl[i]].used = 1;
        int l = build(sb[i], cur, tid, kind);
        si[i] = (struct iovec){sb[i], l};
        if (dump && dumped < 6) hex("req", sb[i], l);
      }
      int r = sendmmsg(fds[cur], sm, n, 0);
      if (r < 0) r = 0;
      for (int i = 0; i < r; i++) bytes_out += si[i].iov_len;
      sent += r;
      total_sent += r;
      ratecnt += r;
      for (int i = isjunk ? 0 : r; i < n; i++) {
        slot[sl[i]].used = 0;
        freel[nfree++] = sl[i];
        if (seqkeys && i >= r) puts_seq--;
      }
      cur = (cur + 1) % socks;
      budget -= n;
      if (r < n) break;
    }
    // recv
    struct epoll_event ev[64];
    int ne = epoll_wait(ep, ev, 64, rate ? 0 : 1);
    if (ne == 0 && rate) {
      struct timespec ts = {0, 20000};
      nanosleep(&ts, 0);
    }
    for (int x = 0; x < ne; x++) {
      int s = ev[x].data.u32;
      int r = recvmmsg(fds[s], rm, BATCH, MSG_DONTWAIT, 0);
      u64 tr = now_ns();
      for (int i = 0; i < r; i++) {
        struct msg m;
        int l = rm[i].msg_len;
        if (dump && dumped < 6) hex(" rcv", rb[i], l);
        if (parse(rb[i], l, &m) || !m.hast) {
          nbad++;
          continue;
        }
        if (m.isq) {
          inreq++;
          answer(s, &m);
          continue;
        }
        u32 k = m.tid & 0xffff;
        if (!(m.tid & 0x80000000u) || k >= (u32)outst || !slot[k].used || slot[k].tid != m.tid) {
          late++;
          continue;
        }
        slot[k].used = 0;
        freel[nfree++] = k;
        bytes_in += l;
        total_got++;
        if (m.ise)
          errs++;
        else {
          got++;
          hist[hbk(tr - slot[k].t)]++;
          if (tr - slot[k].t > maxlat) maxlat = tr - slot[k].t;
          if (tr - slot[k].t > 100000000) over100++;
          nnodes += m.n4;
          nvals += m.hasval;
        }
        if (dump && ++dumped >= 5) goto out;
      }
    }
    if (t - lastscan > 20000000) {
      lastscan = t;
      for (int i = 0; i < outst; i++)
        if (slot[i].used && (int64_t)(t - slot[i].t) > (int64_t)timeout_ms * 1000000) {
          slot[i].used = 0;
          freel[nfree++] = i;
          lost++;
        }
    }
  }
out:;
  double d = (now_ns() - tstart) * 1e-9;
  double used = pid ? cpu(pid, &rss1) - cpu0 : 0;
  printf(
      "{\"row\":\"%s\",\"replies\":%lu,\"repliesPerS\":%.0f,\"cpuUs\":%.3f,\"p50Us\":%.1f,"
      "\"p95Us\":%.1f,\"p99Us\":%.1f,\"maxUs\":%.1f,\"errors\":%lu,\"lost\":%lu,\"sent\":%lu,"
      "\"withValues\":%lu,\"rssBeforeKb\":%ld,\"rssKb\":%ld}\n",
      kind, got, got / d, got ? used * 1e6 / got : 0, pct(.5), pct(.95), pct(.99), maxlat / 1000.0,
      errs, lost, sent, nvals, rss0, rss1);
  return 0;
}
