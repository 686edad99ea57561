// SPDX-License-Identifier: MIT
// Delay and loss for the packets of a network namespace, through a netfilter queue: for kernels
// without netem. Each packet is dropped by chance, or goes on after the delay, in order.
//   iptables -A OUTPUT -o lo -p udp -j NFQUEUE --queue-num 0
//   netdelay QUEUE DELAY_MS LOSS_PERCENT
// Prints a line when it listens, and one with what it counted when its input or SIGTERM ends it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// Packets that wait: the kernel drops what is beyond it.
#define QUEUE_LENGTH (1 << 18)
#define BATCH 256
#define NS_PER_MS 1e6
#define NS_PER_S 1000000000ull

static struct {
  uint32_t id;
  uint64_t due;
} waiting[QUEUE_LENGTH];
static unsigned first, last;
static uint64_t delay_ns, random_state;
static double loss;
static uint64_t seen, dropped, longest, overflows;
static volatile sig_atomic_t is_stopped;

static void stop(int number) {
  (void)number;
  is_stopped = 1;
}

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

// 0 to 1, by xorshift.
static double next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (double)(random_state >> 11) / 9007199254740992.0;
}

static int on_packet(struct nfq_q_handle *queue, struct nfgenmsg *message, struct nfq_data *data,
                     void *context) {
  (void)message;
  (void)context;
  uint32_t id = ntohl(nfq_get_msg_packet_hdr(data)->packet_id);
  seen++;
  if (next_random() < loss) {
    dropped++;
    return nfq_set_verdict(queue, id, NF_DROP, 0, NULL);
  }
  waiting[last % QUEUE_LENGTH].id = id;
  waiting[last % QUEUE_LENGTH].due = now_ns() + delay_ns;
  last++;
  if (last - first > longest) longest = last - first;
  return 0;
}

// Lets go what is due. Ids grow, so that one call accepts all up to the last one.
static void release(struct nfq_q_handle *queue, uint64_t now) {
  unsigned before = first;
  while (first != last && waiting[first % QUEUE_LENGTH].due <= now) first++;
  if (first != before) {
    nfq_set_verdict_batch(queue, waiting[(first - 1) % QUEUE_LENGTH].id, NF_ACCEPT);
  }
}

static void read_packets(struct nfq_handle *handle, int fd) {
  static char buffer[1 << 16];
  ssize_t length = 0;
  for (int i = 0; i < BATCH; i++) {
    length = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (length <= 0) break;
    nfq_handle_packet(handle, buffer, (int)length);
  }
  if (length < 0 && errno == ENOBUFS) overflows++;
}

int main(int count, char **arguments) {
  if (count < 4) {
    fprintf(stderr, "usage: netdelay QUEUE DELAY_MS LOSS_PERCENT\n");
    return 2;
  }
  delay_ns = (uint64_t)(atof(arguments[2]) * NS_PER_MS);
  loss = atof(arguments[3]) / 100;
  random_state = now_ns() | 1;
  signal(SIGTERM, stop);
  signal(SIGINT, stop);
  struct nfq_handle *handle = nfq_open();
  struct nfq_q_handle *queue =
      handle ? nfq_create_queue(handle, (uint16_t)atoi(arguments[1]), on_packet, NULL) : NULL;
  if (queue == NULL) {
    perror("netdelay: no netfilter queue");
    return 1;
  }
  nfq_set_mode(queue, NFQNL_COPY_META, 0);
  nfq_set_queue_maxlen(queue, QUEUE_LENGTH);
  nfnl_rcvbufsiz(nfq_nfnlh(handle), 64 << 20);
  int fd = nfq_fd(handle), one = 1;
  setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &one, sizeof one);
  struct pollfd inputs[] = {{fd, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  printf("{\"row\":\"ready\"}\n");
  fflush(stdout);
  while (!is_stopped) {
    uint64_t now = now_ns();
    release(queue, now);
    uint64_t wait = first == last ? NS_PER_S : waiting[first % QUEUE_LENGTH].due - now;
    struct timespec timeout = {(time_t)(wait / NS_PER_S), (long)(wait % NS_PER_S)};
    if (ppoll(inputs, 2, &timeout, NULL) <= 0) continue;
    if (inputs[0].revents) read_packets(handle, fd);
    if (inputs[1].revents) is_stopped = 1;
  }
  release(queue, UINT64_MAX);
  printf(
      "{\"row\":\"packets\",\"seen\":%llu,\"dropped\":%llu,\"longest\":%llu,\"overflows\":%llu}\n",
      (unsigned long long)seen, (unsigned long long)dropped, (unsigned long long)longest,
      (unsigned long long)overflows);
  return 0;
}
