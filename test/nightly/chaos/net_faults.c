// SPDX-License-Identifier: MIT
// Delay, loss, duplication and reordering of what a router forwards, for kernels without netem: all
// of its UDP packets pass through a netfilter queue.
//   net_faults QUEUE SEED
// Reads lines `DELAY_MS JITTER_MS LOSS DUPLICATION REORDERING`, the last three in percent, each in
// force from then on. Says `ready`, and what it counted when its input ends.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <netinet/ip.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// Packets under way; more than that are lost.
#define CAPACITY 65536
#define NS_PER_MS 1e6
#define NS_PER_S 1000000000ull

struct packet {
  uint64_t due;
  uint32_t id;
  // Of a copy, which is sent anew; NULL for the packet itself.
  uint8_t *data;
  int length;
};

static struct packet heap[CAPACITY];
static int waiting;
static double delay_ms, jitter_ms, loss, duplication, reordering;
static uint64_t random_state, seen, dropped, copied, overtaking;
static int raw_socket;

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

static void push(struct packet packet) {
  int at = waiting++;
  while (at > 0 && heap[(at - 1) / 2].due > packet.due) {
    heap[at] = heap[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  heap[at] = packet;
}

static struct packet pop(void) {
  struct packet first = heap[0], last = heap[--waiting];
  int at = 0;
  for (;;) {
    int child = 2 * at + 1;
    if (child >= waiting) break;
    if (child + 1 < waiting && heap[child + 1].due < heap[child].due) child++;
    if (heap[child].due >= last.due) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = last;
  return first;
}

static uint64_t due(void) {
  double ms = delay_ms + next_random() * jitter_ms;
  if (next_random() < reordering) {
    ms = 0;
    overtaking++;
  }
  return now_ns() + (uint64_t)(ms * NS_PER_MS);
}

static int on_packet(struct nfq_q_handle *queue, struct nfgenmsg *message, struct nfq_data *data,
                     void *context) {
  (void)message;
  (void)context;
  uint32_t id = ntohl(nfq_get_msg_packet_hdr(data)->packet_id);
  seen++;
  if (next_random() < loss || waiting > CAPACITY - 2) {
    dropped++;
    return nfq_set_verdict(queue, id, NF_DROP, 0, NULL);
  }
  push((struct packet){due(), id, NULL, 0});
  uint8_t *payload;
  int length = nfq_get_payload(data, &payload);
  if (length > 0 && next_random() < duplication) {
    uint8_t *copy = malloc((size_t)length);
    if (copy == NULL) abort();
    memcpy(copy, payload, (size_t)length);
    push((struct packet){due(), 0, copy, length});
    copied++;
  }
  return 0;
}

static void release(struct nfq_q_handle *queue, uint64_t until) {
  while (waiting > 0 && heap[0].due <= until) {
    struct packet packet = pop();
    if (packet.data == NULL) {
      nfq_set_verdict(queue, packet.id, NF_ACCEPT, 0, NULL);
      continue;
    }
    struct sockaddr_in to = {.sin_family = AF_INET};
    memcpy(&to.sin_addr, packet.data + offsetof(struct iphdr, daddr), 4);
    // A copy that cannot be sent is one less.
    (void)!sendto(raw_socket, packet.data, (size_t)packet.length, 0, (void *)&to, sizeof to);
    free(packet.data);
  }
}

// Returns 0 at the end of the input.
static int read_commands(void) {
  static char text[4096];
  static size_t filled;
  ssize_t length = read(STDIN_FILENO, text + filled, sizeof text - 1 - filled);
  if (length <= 0) return 0;
  filled += (size_t)length;
  text[filled] = 0;
  char *line = text;
  for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    double l, d, r;
    if (sscanf(line, "%lf %lf %lf %lf %lf", &delay_ms, &jitter_ms, &l, &d, &r) != 5) return 0;
    loss = l / 100;
    duplication = d / 100;
    reordering = r / 100;
  }
  filled -= (size_t)(line - text);
  memmove(text, line, filled);
  return 1;
}

int main(int count, char **arguments) {
  if (count < 3) return 2;
  random_state = strtoull(arguments[2], NULL, 10) * 2654435761u + 1;
  raw_socket = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
  struct nfq_handle *handle = nfq_open();
  struct nfq_q_handle *queue =
      handle ? nfq_create_queue(handle, (uint16_t)atoi(arguments[1]), on_packet, NULL) : NULL;
  if (queue == NULL || raw_socket < 0) {
    perror("net_faults");
    return 1;
  }
  nfq_set_mode(queue, NFQNL_COPY_PACKET, 0xffff);
  nfq_set_queue_maxlen(queue, CAPACITY);
  nfnl_rcvbufsiz(nfq_nfnlh(handle), 16 << 20);
  int fd = nfq_fd(handle), one = 1;
  setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &one, sizeof one);
  struct pollfd inputs[] = {{fd, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  puts("ready");
  fflush(stdout);
  static char buffer[1 << 17];
  for (;;) {
    uint64_t now = now_ns();
    release(queue, now);
    uint64_t wait = waiting == 0 ? NS_PER_S : heap[0].due > now ? heap[0].due - now : 0;
    struct timespec timeout = {(time_t)(wait / NS_PER_S), (long)(wait % NS_PER_S)};
    if (ppoll(inputs, 2, &timeout, NULL) <= 0) continue;
    for (int i = 0; inputs[0].revents && i < 64; i++) {
      ssize_t length = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
      if (length <= 0) break;
      nfq_handle_packet(handle, buffer, (int)length);
    }
    if (inputs[1].revents && !read_commands()) break;
  }
  printf("%llu packets, %llu lost, %llu copied, %llu sent ahead\n", (unsigned long long)seen,
         (unsigned long long)dropped, (unsigned long long)copied, (unsigned long long)overtaking);
  return 0;
}
