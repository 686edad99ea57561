// SPDX-License-Identifier: MIT
// Two C++ nodes that answer each other through put and listen, in a network of N nodes, as in
// OpenDHT's own perftest. Counterpart of ours/pingpong.ts.
//   pingpong nodes=16 parallel=1 secs=3
#include "common.h"
using namespace dht;

namespace {

class PingPong {
 public:
  explicit PingPong(const Options& options) : options_(options) {}

  void run() {
    size_t count = (size_t)options_.number("nodes", 16);
    int parallel = (int)options_.number("parallel", 1);
    std::vector<std::unique_ptr<DhtRunner>> nodes;
    for (size_t i = 0; i < count; i++) {
      nodes.push_back(std::make_unique<DhtRunner>());
      run_unlimited(*nodes.back(), 0);
      if (i > 0) nodes[i]->bootstrap("127.0.0.1", std::to_string(nodes[0]->getBoundPort()));
    }
    wait_until_joined(nodes);
    sleep_seconds(options_.number("settle", 2));
    for (int i = 0; i < parallel; i++) {
      auto ping = InfoHash::get("ping " + std::to_string(i));
      auto pong = InfoHash::get("pong " + std::to_string(i));
      answer(*nodes[0], ping, pong);
      answer(*nodes[1], pong, ping);
    }
    sleep_seconds(1);
    double cpu = cpu_seconds();
    auto start = Clock::now();
    for (int i = 0; i < parallel; i++) {
      nodes[1]->put(InfoHash::get("ping " + std::to_string(i)), Value("hey"));
    }
    sleep_seconds(options_.number("secs", 3));
    is_over_ = true;
    double heard = (double)heard_;
    print_row(std::to_string(count) + " nodes, " + std::to_string(parallel) + " at once",
              {{"opsPerS", heard / seconds_since(start)},
               {"cpuMs", (cpu_seconds() - cpu) * 1000 / heard}});
  }

 private:
  // Whatever `node` hears at one key it answers at the other.
  void answer(DhtRunner& node, InfoHash heard_at, InfoHash answer_at) {
    node.listen(heard_at, [&node, answer_at, this](const auto& values, bool expired) {
      if (expired) return true;
      for (size_t i = 0; i < values.size() && !is_over_; i++) {
        heard_++;
        node.put(answer_at, Value("hey"));
      }
      return true;
    });
  }

  const Options& options_;
  std::atomic<uint64_t> heard_{0};
  std::atomic<bool> is_over_{false};
};

}  // namespace

int main(int count, char** arguments) {
  Options options(count, arguments);
  PingPong(options).run();
  _exit(0);
}
