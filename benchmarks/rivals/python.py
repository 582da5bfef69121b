"""faiss and usearch behind annbench's protocol, on one thread. A search is one call for all queries, so that Python's own
time does not count; each query is given the mean."""
import json
import sys
import time

import numpy as np


def read(path):
    raw = np.fromfile(path, dtype=np.int32)
    return raw.reshape(-1, raw[0] + 1)[:, 1:].copy().view(np.float32)


def resident():
    for line in open("/proc/self/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10


class Faiss:
    def __init__(self, base, c):
        import faiss
        faiss.omp_set_num_threads(1)
        self.faiss = faiss
        kind = faiss.METRIC_L2 if c["Metric"] == "l2" else faiss.METRIC_INNER_PRODUCT
        self.index = faiss.IndexHNSWFlat(base.shape[1], c["M"], kind)
        self.index.hnsw.efConstruction = c["EfC"]
        self.index.add(base)

    def search(self, query, k, ef):
        self.index.hnsw.efSearch = ef
        return self.index.search(query, k)[1]

    def all(self, query, k, ef):
        import os
        self.faiss.omp_set_num_threads(os.cpu_count())
        self.search(query, k, ef)
        self.faiss.omp_set_num_threads(1)


class Usearch:
    def __init__(self, base, c):
        from usearch.index import Index
        kind = {"l2": "l2sq", "ip": "ip", "cosine": "cos"}[c["Metric"]]
        self.index = Index(ndim=base.shape[1], metric=kind, dtype="f32", connectivity=c["M"], expansion_add=c["EfC"])
        self.index.add(np.arange(len(base)), base, threads=1)

    def search(self, query, k, ef):
        self.index.expansion_search = ef
        return self.index.search(query, k, threads=1).keys

    def all(self, query, k, ef):
        self.index.expansion_search = ef
        self.index.search(query, k, threads=0)


def reply(value):
    print(json.dumps(value), flush=True)


def main():
    c = json.loads(sys.stdin.readline())
    base, query, k = read(c["Base"]), read(c["Query"]), c["K"]
    if c["Metric"] == "cosine":
        base /= np.linalg.norm(base, axis=1, keepdims=True)
        query /= np.linalg.norm(query, axis=1, keepdims=True)
    engine = {"faiss": Faiss, "usearch": Usearch}[c["Engine"]]
    before, start = resident(), time.process_time()
    engine = engine(base, c)
    reply({"build_seconds": time.process_time() - start, "bytes": resident() - before, "n": len(base)})
    for line in sys.stdin:
        what, ef = line.split()
        if what == "all":
            start = time.perf_counter()
            engine.all(query, k, int(ef))
            reply({"qps": len(query) / (time.perf_counter() - start)})
            continue
        start = time.process_time()
        ids = engine.search(query, k, int(ef))
        each = (time.process_time() - start) / len(query)
        reply({"seconds": [each] * len(query), "ids": ids.tolist()})


main()
