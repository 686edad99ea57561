// SPDX-License-Identifier: MIT
// One C++ node that is driven by lines on its input, so that a benchmark can start many processes
// and kill some. Without rate limits, unless OPENDHT_BENCH_LIMITS=1. Counterpart of ../linenode,
// with the same protocol:
//   linenode IP PORT [BOOTSTRAP_IP BOOTSTRAP_PORT]
//   put ID KEY40HEX SIZE  -> put ID ok|fail MS
//   get ID KEY40HEX       -> get ID VALUES MS_FIRST(-1 if none) MS_DONE ok|fail
//   listen ID KEY40HEX    -> lis ID, for each value
//   stat                  -> stat GOOD DUBIOUS INCOMING RSS_KB CPU_S
//   public                -> public IP, what it takes for its own address
//   quit
#include "common.h"
using namespace dht;

namespace {

std::mutex output_mutex;

void say(const std::string& line) {
  std::lock_guard<std::mutex> lock(output_mutex);
  std::cout << line << std::endl;
}

std::string ms_since(Clock::time_point start) {
  return std::to_string(seconds_since(start) * 1000);
}

std::vector<uint8_t> random_bytes(size_t size) {
  static std::mt19937 random{std::random_device{}()};
  std::vector<uint8_t> bytes(size);
  for (auto& byte : bytes) byte = (uint8_t)random();
  return bytes;
}

using Values = std::vector<std::shared_ptr<Value>>;

void put(DhtRunner& node, const std::string& id, const InfoHash& key, size_t size) {
  auto began = Clock::now();
  node.put(key, Value(random_bytes(size)),
           [=](bool ok) { say("put " + id + (ok ? " ok " : " fail ") + ms_since(began)); });
}

void get(DhtRunner& node, const std::string& id, const InfoHash& key) {
  auto began = Clock::now();
  // Both callbacks run in the thread of the node, one after the other.
  auto count = std::make_shared<size_t>(0);
  auto first = std::make_shared<std::string>("-1");
  node.get(
      key,
      [=](const Values& values) {
        if (!values.empty() && *count == 0) *first = ms_since(began);
        *count += values.size();
        return true;
      },
      [=](bool ok) {
        say("get " + id + " " + std::to_string(*count) + " " + *first + " " + ms_since(began) +
            (ok ? " ok" : " fail"));
      });
}

void listen(DhtRunner& node, const std::string& id, const InfoHash& key) {
  node.listen(key, [=](const Values& values, bool expired) {
    if (!expired) {
      for (size_t i = 0; i < values.size(); i++) say("lis " + id);
    }
    return true;
  });
}

void stat(DhtRunner& node) {
  auto nodes = node.getNodesStats(AF_INET);
  char line[128];
  snprintf(line, sizeof line, "stat %u %u %u %.0f %.2f", (unsigned)nodes.good_nodes,
           (unsigned)nodes.dubious_nodes, (unsigned)nodes.incoming_nodes, resident_kb(),
           cpu_seconds());
  say(line);
}

void public_address(DhtRunner& node) {
  auto addresses = node.getPublicAddress(AF_INET);
  auto first = addresses.empty() ? "none" : addresses.front().toString();
  say("public " + first.substr(0, first.find(':')));
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::cerr << "usage: linenode IP PORT [BOOTSTRAP_IP BOOTSTRAP_PORT]" << std::endl;
    return 2;
  }
  DhtRunner node;
  DhtRunner::Config config{};
  auto limits = std::getenv("OPENDHT_BENCH_LIMITS");
  if (!limits || !*limits) {
    config.dht_config.node_config.max_req_per_sec = -1;
    config.dht_config.node_config.max_peer_req_per_sec = -1;
  }
  config.bind4 = SockAddr::resolve(arguments[1], arguments[2]).front();
  node.run(config, DhtRunner::Context{});
  if (count > 4) node.bootstrap(arguments[3], arguments[4]);
  say("ready");
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string command, id, key;
    size_t size = 0;
    words >> command >> id >> key >> size;
    if (command == "put") put(node, id, InfoHash(key), size);
    if (command == "get") get(node, id, InfoHash(key));
    if (command == "listen") listen(node, id, InfoHash(key));
    if (command == "enter") node.bootstrap(id, key);
    if (command == "stat") stat(node);
    if (command == "public") public_address(node);
    if (command == "quit") break;
  }
  // Without the seconds that a join of its threads may take.
  _exit(0);
}
