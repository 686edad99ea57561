// SPDX-License-Identifier: MIT
// Memory and CPU of further C++ nodes with nothing to do: networks of N nodes in one process that
// has such a network already, of at most 64 nodes: the library ends the process when descriptors
// pass 1024, of which a node takes three. Counterpart of ours/idle.ts, with its options and rows.
//   idle nodes=16 further=64 idle=5 settle=5
#include "common.h"
using namespace dht;

namespace {

using Nodes = std::vector<std::unique_ptr<DhtRunner>>;

Nodes start_network(size_t size) {
  Nodes nodes;
  while (nodes.size() < size) {
    nodes.push_back(std::make_unique<DhtRunner>());
    run_unlimited(*nodes.back(), 0);
    if (nodes.size() > 1) {
      nodes.back()->bootstrap("127.0.0.1", std::to_string(nodes.front()->getBoundPort()));
    }
  }
  wait_until_joined(nodes);
  return nodes;
}

}  // namespace

int main(int count, char** arguments) {
  Options options(count, arguments);
  auto size = (size_t)options.number("nodes", 16);
  auto further = (size_t)std::ceil(options.number("further", 64) / size);
  double settle = options.number("settle", 5);
  std::vector<Nodes> networks;
  networks.push_back(start_network(std::min(size, (size_t)64)));
  sleep_seconds(settle);
  double before = resident_kb();
  for (size_t i = 0; i < further; i++) networks.push_back(start_network(size));
  sleep_seconds(settle);
  double memory = (resident_kb() - before) / (further * size);
  double cpu = cpu_seconds();
  auto start = Clock::now();
  sleep_seconds(options.number("idle", 5));
  double percent = (cpu_seconds() - cpu) * 100 / seconds_since(start) / (further * size + networks.front().size());
  print_row(std::to_string(size) + " nodes, idle", {{"rssKb", memory}, {"cpuPercent", percent}});
  _exit(0);
}
