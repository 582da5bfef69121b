// OpenBLAS on one thread behind linalgbench's protocol: for each line "gram ROWS COLS 0", "mult M N K" or "cholesky N 0 0" it
// answers with the CPU seconds of a run and the sum of a first run's result.
#include <cblas.h>

#include <cmath>
#include <cstdio>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <functional>
#include <vector>

extern "C" void spotrf_(const char *uplo, const int *n, float *a, const int *lda, int *info);

static double cpuTime() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

// numbers are the same here and in linalgbench.
static std::vector<float> numbers(size_t n) {
  std::vector<float> x(n);
  uint32_t state = 1;
  for (auto &v : x) {
    state = state * 1664525 + 1013904223;
    v = float(state >> 8) / (1 << 24);
  }
  return x;
}

static double seconds(const std::function<void()> &run) {
  for (int runs = 1;; runs *= 2) {
    double start = cpuTime();
    for (int i = 0; i < runs; i++) run();
    double took = cpuTime() - start;
    if (took > 0.05) return took / runs;
  }
}

static double lowerSum(const std::vector<float> &c, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++)
    for (int j = 0; j <= i; j++) sum += c[size_t(i) * n + j];
  return sum;
}

static void gram(int rows, int cols) {
  auto a = numbers(size_t(rows) * cols);
  std::vector<float> c(size_t(cols) * cols);
  auto run = [&] { cblas_ssyrk(CblasRowMajor, CblasLower, CblasTrans, cols, rows, 1, a.data(), cols, 1, c.data(), cols); };
  run();
  double sum = lowerSum(c, cols);
  printf("%.9g %.9g\n", seconds(run), sum);
}

static void mult(int m, int n, int k) {
  auto a = numbers(size_t(m) * k), b = numbers(size_t(n) * k);
  std::vector<float> c(size_t(m) * n);
  auto run = [&] {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, a.data(), k, b.data(), k, 1, c.data(), n);
  };
  run();
  double sum = 0;
  for (float v : c) sum += v;
  printf("%.9g %.9g\n", seconds(run), sum);
}

static void cholesky(int n) {
  auto a = numbers(size_t(n) * n * 2);
  std::vector<float> c(size_t(n) * n), l;
  cblas_ssyrk(CblasRowMajor, CblasLower, CblasTrans, n, 2 * n, 1, a.data(), n, 0, c.data(), n);
  for (int i = 0; i < n; i++) c[size_t(i) * n + i] += 1;
  auto run = [&] {
    int info;
    l = c;
    spotrf_("U", &n, l.data(), &n, &info);  // the upper triangle by columns is the lower one by rows
    if (info != 0) l[0] = NAN;
  };
  run();
  double sum = lowerSum(l, n);
  printf("%.9g %.9g\n", seconds(run), sum);
}

int main() {
  openblas_set_num_threads(1);
  char what[16];
  for (int x, y, z; scanf("%15s %d %d %d", what, &x, &y, &z) == 4; fflush(stdout)) {
    if (!strcmp(what, "gram")) gram(x, y);
    if (!strcmp(what, "mult")) mult(x, y, z);
    if (!strcmp(what, "cholesky")) cholesky(x);
  }
}
