// SPDX-License-Identifier: MIT
// One C++ node without limits, for the load generator: prints its port, ends with its input.
// Counterpart of ours/serve-node.ts.
//   serve_node [port=0]
#include "common.h"

int main(int count, char** arguments) {
  Options options(count, arguments);
  dht::DhtRunner node;
  run_unlimited(node, (in_port_t)options.number("port", 0));
  print_row("ready", {{"port", (double)node.getBoundPort()}});
  for (std::string line; std::getline(std::cin, line);) {
  }
  _exit(0);
}
