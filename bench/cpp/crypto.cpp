// SPDX-License-Identifier: MIT
// Identities, signatures and encryption of 100-byte values by the C++ library, on one thread.
// Counterpart of ours/crypto.ts.
//   crypto secs=0.5
#include <time.h>

#include "common.h"
using namespace dht;

namespace {

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

void measure(const std::string& row, double seconds, const std::function<void()>& operation) {
  operation();
  double cpu = thread_seconds();
  auto start = Clock::now();
  uint64_t count = 0;
  do {
    operation();
    count++;
  } while (seconds_since(start) < seconds);
  print_row(row, {{"cpuUs", (thread_seconds() - cpu) * 1e6 / count}});
}

void measure_key(const std::string& name, const crypto::Identity& identity, double seconds) {
  auto bytes = random_bytes(100, 1);
  auto& key = identity.first;
  auto& publicKey = key->getPublicKey();
  auto signature = key->sign(bytes);
  measure(name + ", sign", seconds, [&] { key->sign(bytes); });
  // Debian's library signs with EC keys but does not verify what it signed, nor encrypt to them.
  if (name == "EC") return;
  measure(name + ", verify", seconds, [&] {
    if (!publicKey.checkSignature(bytes, signature)) _exit(4);
  });
  auto encrypted = publicKey.encrypt(bytes);
  measure(name + ", encrypt", seconds, [&] { publicKey.encrypt(bytes); });
  measure(name + ", decrypt", seconds, [&] { key->decrypt(encrypted); });
}

}  // namespace

int main(int count, char** arguments) {
  Options options(count, arguments);
  double seconds = options.number("secs", 0.5);
  measure("RSA-2048, generate identity", seconds * 4,
          [] { crypto::generateIdentity("bench", {}, 2048); });
  if (options.number("large", 1) > 0) {
    measure("RSA-4096, generate identity", seconds * 8,
            [] { crypto::generateIdentity("bench", {}, 4096); });
    measure_key("RSA-4096", crypto::generateIdentity("bench", {}, 4096), seconds);
  }
  measure_key("RSA-2048", crypto::generateIdentity("bench", {}, 2048), seconds);
  measure("EC, generate identity", seconds, [] { crypto::generateEcIdentity("bench"); });
  measure_key("EC", crypto::generateEcIdentity("bench"), seconds);
  _exit(0);
}
