// SPDX-License-Identifier: MIT
// What the C++ drivers share: options, own CPU time and memory, latencies, nodes without limits,
// and the output, one JSON object with a `row` and metrics per line. Counterpart of ours/driver.ts.
#pragma once
#include <malloc.h>
#include <opendht.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

inline void sleep_seconds(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

// CPU time of this process in seconds.
inline double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

// After free memory was given back, as the other side collects its garbage first.
inline double resident_kb() {
  malloc_trim(0);
  std::ifstream file("/proc/self/statm");
  long total = 0, resident = 0;
  file >> total >> resident;
  return resident * (sysconf(_SC_PAGESIZE) / 1024.0);
}

// Arguments of the form name=value.
class Options {
 public:
  Options(int count, char** arguments) {
    for (int i = 1; i < count; i++) {
      std::string argument = arguments[i];
      auto equals = argument.find('=');
      if (equals == std::string::npos) continue;
      values_[argument.substr(0, equals)] = argument.substr(equals + 1);
    }
  }

  std::string text(const std::string& name, const std::string& fallback) const {
    auto found = values_.find(name);
    return found == values_.end() ? fallback : found->second;
  }

  double number(const std::string& name, double fallback) const {
    auto found = values_.find(name);
    return found == values_.end() ? fallback : std::stod(found->second);
  }

  std::vector<int> list(const std::string& name, const std::string& fallback) const {
    std::vector<int> numbers;
    std::stringstream stream(text(name, fallback));
    for (std::string part; std::getline(stream, part, ',');) numbers.push_back(std::stoi(part));
    return numbers;
  }

 private:
  std::map<std::string, std::string> values_;
};

// Durations in seconds, added from any thread.
class Latencies {
 public:
  void add(double seconds) {
    std::lock_guard<std::mutex> lock(mutex_);
    seconds_.push_back(seconds);
  }

  double milliseconds(double quantile) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (seconds_.empty()) return 0;
    std::sort(seconds_.begin(), seconds_.end());
    auto index = std::min(seconds_.size() - 1, (size_t)(quantile * seconds_.size()));
    return seconds_[index] * 1000;
  }

 private:
  std::mutex mutex_;
  std::vector<double> seconds_;
};

// One line of output.
inline void print_row(const std::string& row,
                      const std::vector<std::pair<const char*, double>>& metrics) {
  std::ostringstream line;
  line << "{\"row\":\"" << row << "\"";
  for (auto& [name, value] : metrics) line << ",\"" << name << "\":" << value;
  std::cout << line.str() << "}" << std::endl;
}

// A node of 127.0.0.1 that nothing throttles; `port` 0 lets the system choose.
inline void run_unlimited(dht::DhtRunner& node, in_port_t port) {
  dht::DhtRunner::Config config{};
  auto& limits = config.dht_config.node_config;
  limits.max_req_per_sec = -1;
  limits.max_peer_req_per_sec = -1;
  limits.max_store_size = -1;
  limits.max_store_keys = -1;
  config.bind4 = dht::SockAddr::resolve("127.0.0.1", std::to_string(port)).front();
  node.run(config, dht::DhtRunner::Context{});
}

// Until every node knows another one that answers: small C++ networks know no more for minutes.
inline void wait_until_joined(std::vector<std::unique_ptr<dht::DhtRunner>>& nodes) {
  auto start = Clock::now();
  auto is_joined = [](auto& node) { return node->getNodesStats(AF_INET).good_nodes > 0; };
  while (!std::all_of(nodes.begin(), nodes.end(), is_joined)) {
    if (seconds_since(start) > 60) {
      std::cerr << "the nodes did not find each other" << std::endl;
      _exit(5);
    }
    sleep_seconds(0.005);
  }
}

inline dht::Blob random_bytes(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  dht::Blob bytes(size);
  for (auto& byte : bytes) byte = (uint8_t)random();
  return bytes;
}
