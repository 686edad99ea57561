// SPDX-License-Identifier: MIT
// N C++ nodes in one process: time to join, puts, gets and listens at a given concurrency.
// Counterpart of ours/network.ts, with the same options and rows.
//   network nodes=16 warm=0 secs=3 conc=1,32,256 bytes=100 listens=200 phases=put,get,listen
#include "common.h"
using namespace dht;

namespace {

using Nodes = std::vector<std::unique_ptr<DhtRunner>>;

struct StoredKey {
  InfoHash key;
  size_t node;
};

class Network {
 public:
  explicit Network(const Options& options)
      : options_(options),
        count_((size_t)options.number("nodes", 16)),
        label_(std::to_string(count_) + " nodes, "),
        is_warm_(options.number("warm", 0) == 0),
        period_(options.number("secs", 3)) {}

  void boot() {
    start_one();
    start_one();
    wait_until_joined(nodes_);
    sleep_seconds(0.5);
    double cpu = cpu_seconds();
    auto start = Clock::now();
    while (nodes_.size() < count_) start_one();
    wait_until_joined(nodes_);
    print_row(label_ + "join", {{"seconds", seconds_since(start)},
                                {"cpuMs", (cpu_seconds() - cpu) * 1000 / count_}});
    sleep_seconds(options_.number("settle", 5));
  }

  // Puts and gets that are not counted.
  void warm_up() {
    double seconds = options_.number("warm", 0);
    if (seconds == 0) return;
    period_ = seconds;
    puts(32);
    gets(32);
    period_ = options_.number("secs", 3);
    is_warm_ = true;
  }

  // Once more, with all the searches that are kept by now.
  void gets_again() { gets(32, "get again"); }

  void run(const std::string& phase) {
    for (int concurrency : options_.list("conc", "1,32,256")) {
      if (phase == "put") puts(concurrency);
      if (phase == "get") gets(concurrency);
      if (phase == "listen" && concurrency <= 32) listens(concurrency);
    }
  }

 private:
  using Done = std::function<void(bool)>;

  void start_one() {
    nodes_.push_back(std::make_unique<DhtRunner>());
    run_unlimited(*nodes_.back(), 0);
    if (nodes_.size() > 1) {
      nodes_.back()->bootstrap("127.0.0.1", std::to_string(nodes_.front()->getBoundPort()));
    }
  }

  void puts(int concurrency) {
    loop("put", concurrency, [this](Done done) {
      auto index = next_key_++;
      InfoHash key = InfoHash::get("put " + std::to_string(index));
      size_t node = pick(), size = (size_t)options_.number("bytes", 100);
      nodes_[node]->put(key, Value(random_bytes(size, index)), [=](bool ok) {
        if (ok) {
          std::lock_guard<std::mutex> lock(mutex_);
          stored_.push_back({key, node});
        }
        done(ok);
      });
    });
  }

  void gets(int concurrency, const char* name = "get") {
    if (!is_shuffled_) std::shuffle(stored_.begin(), stored_.end(), random_);
    is_shuffled_ = true;
    loop(name, concurrency, [this](Done done) {
      auto& stored = stored_[next_get_++ % stored_.size()];
      auto found = std::make_shared<std::atomic<bool>>(false);
      nodes_[other_than(stored.node)]->get(
          stored.key,
          [found](const std::vector<std::shared_ptr<Value>>& values) {
            if (!values.empty()) *found = true;
            return true;
          },
          [=](bool) { done(*found); });
    });
  }

  // Keeps `concurrency` operations going for the given time, then lets them end.
  void loop(const char* name, int concurrency, std::function<void(Done)> start_one_operation) {
    auto latencies = std::make_shared<Latencies>();
    std::atomic<uint64_t> succeeded{0}, failed{0};
    int in_flight = concurrency;
    std::mutex mutex;
    std::condition_variable changed;
    double cpu = cpu_seconds(), period = period_;
    auto start = Clock::now();
    std::function<void()> launch = [&] {
      auto began = Clock::now();
      start_one_operation([&, began](bool ok) {
        (ok ? succeeded : failed)++;
        latencies->add(seconds_since(began));
        if (seconds_since(start) < period) return launch();
        std::lock_guard<std::mutex> lock(mutex);
        if (--in_flight == 0) changed.notify_all();
      });
    };
    for (int i = 0; i < concurrency; i++) launch();
    std::unique_lock<std::mutex> lock(mutex);
    bool all = changed.wait_for(lock, std::chrono::seconds(60), [&] { return in_flight == 0; });
    double seconds = seconds_since(start), operations = (double)(succeeded + failed);
    if (is_warm_) print_row(label_ + name + ", " + std::to_string(concurrency) + " at once",
              {{"opsPerS", operations / seconds},
               {"cpuMs", (cpu_seconds() - cpu) * 1000 / operations},
               {"p50Ms", latencies->milliseconds(.5)},
               {"p99Ms", latencies->milliseconds(.99)},
               {"failed", (double)failed}});
    if (!all) _exit(3);
  }

  struct Listen {
    InfoHash key;
    size_t listener, writer;
    std::future<size_t> token;
    Clock::time_point start;
    std::atomic<bool> is_heard{false};
  };

  // Time from put to the listener's callback, on distinct keys that somebody else listens to.
  void listens(int concurrency) {
    auto listens = std::make_shared<std::vector<std::unique_ptr<Listen>>>();
    auto latencies = std::make_shared<Latencies>();
    std::mutex mutex;
    std::condition_variable changed;
    int in_flight = 0, heard = 0, count = (int)options_.number("listens", 200);
    for (int i = 0; i < count; i++) {
      auto listen = std::make_unique<Listen>();
      listen->key = InfoHash::get("listen " + std::to_string(next_key_++));
      listen->listener = pick();
      listen->writer = other_than(listen->listener);
      listen->token = nodes_[listen->listener]->listen(
          listen->key, [&, it = listen.get()](const auto& values, bool expired) {
            if (expired || values.empty() || it->is_heard.exchange(true)) return true;
            latencies->add(seconds_since(it->start));
            std::lock_guard<std::mutex> lock(mutex);
            in_flight--;
            heard++;
            changed.notify_all();
            return true;
          });
      listens->push_back(std::move(listen));
    }
    sleep_seconds(options_.number("settle", 3));
    double cpu = cpu_seconds();
    for (auto& listen : *listens) {
      std::unique_lock<std::mutex> lock(mutex);
      if (!changed.wait_for(lock, std::chrono::seconds(10),
                            [&] { return in_flight < concurrency; }))
        in_flight = 0;
      in_flight++;
      listen->start = Clock::now();
      nodes_[listen->writer]->put(listen->key, Value(random_bytes(100, next_key_)), [](bool) {});
    }
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(10), [&] { return heard == count; });
    print_row(label_ + "listen, " + std::to_string(concurrency) + " at once",
              {{"cpuMs", (cpu_seconds() - cpu) * 1000 / count},
               {"p50Ms", latencies->milliseconds(.5)},
               {"p99Ms", latencies->milliseconds(.99)},
               {"failed", (double)(count - heard)}});
    lock.unlock();
    for (auto& listen : *listens)
      nodes_[listen->listener]->cancelListen(listen->key, listen->token.share());
    sleep_seconds(0.5);
  }

  size_t pick() {
    std::lock_guard<std::mutex> lock(mutex_);
    return random_() % count_;
  }

  size_t other_than(size_t node) {
    for (;;) {
      size_t other = pick();
      if (other != node) return other;
    }
  }

  const Options& options_;
  size_t count_;
  std::string label_;
  Nodes nodes_;
  std::mutex mutex_;
  std::mt19937_64 random_{1};
  std::vector<StoredKey> stored_;
  std::atomic<uint64_t> next_key_{0}, next_get_{0};
  bool is_shuffled_ = false, is_warm_;
  double period_;
};

}  // namespace

int main(int count, char** arguments) {
  Options options(count, arguments);
  Network network(options);
  network.boot();
  network.warm_up();
  std::string phases = options.text("phases", "put,get,listen");
  for (auto phase : {"put", "get", "listen"}) {
    if (phases.find(phase) != std::string::npos) network.run(phase);
  }
  if (phases.find("get") != std::string::npos) network.gets_again();
  // Without the orderly end of hundreds of threads, which is not what is measured.
  _exit(0);
}
