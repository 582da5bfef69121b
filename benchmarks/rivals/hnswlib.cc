// hnswlib, single-threaded to build, behind annbench's protocol: a configuration line in, a line when built, and then a line
// for each "search EF" or "all EF".
#include <hnswlib/hnswlib.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

static double threadTime() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static long resident() {
  std::ifstream f("/proc/self/status");
  for (std::string line; std::getline(f, line);) {
    long kib;
    if (sscanf(line.c_str(), "VmRSS: %ld kB", &kib) == 1) return kib << 10;
  }
  return 0;
}

// field is a value of a flat JSON object of our own making.
static std::string field(const std::string &json, const std::string &name) {
  auto at = json.find("\"" + name + "\":");
  if (at == std::string::npos) return "";
  at += name.size() + 3;
  if (json[at] == '"') return json.substr(at + 1, json.find('"', at + 1) - at - 1);
  return json.substr(at, json.find_first_of(",}", at) - at);
}

static std::vector<float> read(const std::string &path, int &dim) {
  std::ifstream f(path, std::ios::binary);
  std::vector<float> all;
  for (int d; f.read(reinterpret_cast<char *>(&d), 4);) {
    dim = d;
    all.resize(all.size() + d);
    f.read(reinterpret_cast<char *>(&all[all.size() - d]), 4L * d);
  }
  return all;
}

static void normalize(float *x, int dim) {
  double n = 0;
  for (int i = 0; i < dim; i++) n += double(x[i]) * x[i];
  for (int i = 0; i < dim; i++) x[i] /= std::sqrt(n);
}

int main() {
  std::string config;
  std::getline(std::cin, config);
  int dim = 0;
  auto base = read(field(config, "Base"), dim);
  auto query = read(field(config, "Query"), dim);
  size_t n = base.size() / dim, queries = query.size() / dim, k = std::stoul(field(config, "K"));
  auto metric = field(config, "Metric");
  if (metric == "cosine") {
    for (size_t i = 0; i < n; i++) normalize(&base[i * dim], dim);
    for (size_t i = 0; i < queries; i++) normalize(&query[i * dim], dim);
  }
  hnswlib::L2Space l2(dim);
  hnswlib::InnerProductSpace ip(dim);
  hnswlib::SpaceInterface<float> *space = &ip;
  if (metric == "l2") space = &l2;
  long before = resident();
  double start = threadTime();
  hnswlib::HierarchicalNSW<float> index(space, n, std::stoul(field(config, "M")), std::stoul(field(config, "EfC")));
  for (size_t i = 0; i < n; i++) index.addPoint(&base[i * dim], i);
  double seconds = threadTime() - start;
  printf("{\"build_seconds\":%g,\"bytes\":%ld,\"n\":%zu}\n", seconds, resident() - before, n);
  fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string what;
    size_t ef;
    words >> what >> ef;
    index.setEf(ef);
    if (what == "all") {
      auto from = std::chrono::steady_clock::now();
      unsigned workers = std::thread::hardware_concurrency();
      std::vector<std::thread> threads;
      for (unsigned w = 0; w < workers; w++)
        threads.emplace_back([&] {
          for (size_t i = 0; i < queries; i++) index.searchKnn(&query[i * dim], k);
        });
      for (auto &t : threads) t.join();
      double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
      printf("{\"qps\":%g}\n", workers * queries / took);
      fflush(stdout);
      continue;
    }
    std::string times, ids;
    for (size_t i = 0; i < queries; i++) {
      double t = threadTime();
      auto found = index.searchKnn(&query[i * dim], k);
      t = threadTime() - t;
      times += (i ? "," : "") + std::to_string(t * 1e9) + "e-9";
      ids += i ? ",[" : "[";
      for (bool first = true; !found.empty(); found.pop(), first = false)
        ids += (first ? "" : ",") + std::to_string(found.top().second);
      ids += "]";
    }
    printf("{\"seconds\":[%s],\"ids\":[%s]}\n", times.c_str(), ids.c_str());
    fflush(stdout);
  }
}
