// SPDX-License-Identifier: MIT
// A C++ process that opens a node and gets one value: prints a line when its socket is bound and
// one when the get ended. Counterpart of ours/startup.js.
//   startup port=PORT key=TEXT
#include "common.h"
using namespace dht;

int main(int count, char** arguments) {
  Options options(count, arguments);
  DhtRunner node;
  run_unlimited(node, 0);
  print_row("bound", {});
  node.bootstrap("127.0.0.1", options.text("port", "0"));
  std::atomic<bool> is_over{false}, found{false};
  auto start = Clock::now();
  // A get that begins before the node is connected fails: as an application would, try again.
  while (!found && seconds_since(start) < 10) {
    is_over = false;
    node.get(
        InfoHash::get(options.text("key", "")),
        [&](const std::vector<std::shared_ptr<Value>>& values) {
          found = !values.empty();
          return false;
        },
        [&](bool) { is_over = true; });
    while (!is_over && !found) sleep_seconds(0.0002);
  }
  print_row("answered", {{"found", (double)found}});
  for (std::string line; std::getline(std::cin, line);) {
  }
  _exit(0);
}
