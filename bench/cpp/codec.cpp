// SPDX-License-Identifier: MIT
// What the C++ library's public headers offer of its codec: packing and unpacking of a value. Its
// message parser is internal. Counterpart of ours/codec.ts.
//   codec secs=0.5
#include "common.h"
using namespace dht;

namespace {

void measure(const char* row, double seconds, const std::function<void()>& operation) {
  for (int i = 0; i < 10000; i++) operation();
  double cpu = cpu_seconds();
  auto start = Clock::now();
  uint64_t count = 0;
  while (seconds_since(start) < seconds) {
    for (int i = 0; i < 1000; i++) operation();
    count += 1000;
  }
  print_row(row, {{"ns", (cpu_seconds() - cpu) * 1e9 / count}});
}

}  // namespace

int main(int count, char** arguments) {
  Options options(count, arguments);
  double seconds = options.number("secs", 0.5);
  Value value(random_bytes(100, 1));
  value.id = 1;
  auto packed = value.getPacked();
  size_t sink = 0;
  measure("pack a value of 100 bytes", seconds, [&] { sink += value.getPacked().size(); });
  measure("unpack a value of 100 bytes", seconds, [&] {
    auto object = msgpack::unpack((const char*)packed.data(), packed.size());
    sink += Value(object.get()).data.size();
  });
  auto bytes = random_bytes(100, 2);
  measure("hash of 100 bytes to a key", seconds,
          [&] { sink += InfoHash::get(bytes.data(), bytes.size())[0]; });
  return sink == 1;
}
