"""Maps as scikit-learn and umap-learn make them, for `projection.ts`; see there.

    python projection.py tsne|umap FEATURES COUNT WIDTH MAP [JOBS]     writes float32 [COUNT, 2], prints one line of JSON
    python projection.py trust FEATURES COUNT WIDTH MAP                scikit-learn's trustworthiness (k = 12) of a map
"""
import json
import resource
import sys
import time

import numpy as np

kind, features, count, width, out = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
jobs = int(sys.argv[6]) if len(sys.argv) > 6 else 1
x = np.fromfile(features, np.float32).reshape(count, width)


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if kind == "trust":
    from sklearn.manifold import trustworthiness

    y = np.fromfile(out, np.float32).reshape(count, 2).astype(np.float64)
    print(json.dumps({"trustworthiness": float(trustworthiness(x.astype(np.float64), y, n_neighbors=12))}))
    sys.exit()

if kind == "tsne":
    from sklearn.manifold import TSNE

    model = TSNE(perplexity=30, random_state=0, n_jobs=jobs)
else:
    import umap

    # With a seed umap-learn uses one thread; compiled before the clock starts.
    model = umap.UMAP(n_jobs=jobs)
    umap.UMAP(n_jobs=jobs).fit_transform(x[:500])
before, start = cpu(), time.perf_counter()
y = model.fit_transform(x)
taken = {"seconds": time.perf_counter() - start, "cpuSeconds": cpu() - before}
np.ascontiguousarray(y, np.float32).tofile(out)
print(json.dumps(taken))
