"""Betting p-values, betting bounds and Clopper-Pearson bounds by numpy and scipy, for test/certify/certify-golden.test.ts.

  python scripts/make_certify_golden.py test/golden/certify-golden.json

Needs scipy and numpy; scipy 1.17.1 and numpy 2.4.6 made the file. Written from the paper's form, X = (D + 1)/2 and m0 = (1 + eps)/2, on arrays;
src/certify/betting.ts steps through D itself.
"""
import argparse, json
import numpy as np
import scipy
from scipy.optimize import brentq
from scipy.stats import beta, binom

ASSUMED_ROWS, LARGEST_SHARE = 300, 0.97


def log_capital(d, eps, alpha, variance):
    """[n]: log K_t after each row, with the predictable plug-in bets of Waudby-Smith and Ramdas."""
    x, m0, n = (np.asarray(d, float) + 1) / 2, (1 + eps) / 2, len(d)
    t = np.arange(n)
    before = lambda v: np.concatenate([[0], np.cumsum(v)[:-1]])
    centred = x - 0.5
    mean = before(centred) / (ASSUMED_ROWS + t)
    # variance of X is a quarter of that of D
    var = (before(centred**2) + ASSUMED_ROWS * variance / 4) / (ASSUMED_ROWS + t) - mean**2
    bets = np.minimum(np.sqrt(2 * np.log(1 / alpha) / (n * var)), LARGEST_SHARE / (1 - m0))
    return np.cumsum(np.log1p(bets * (m0 - x)))


def main():
    args = argparse.ArgumentParser()
    args.add_argument('out')
    out = args.parse_args().out
    rng = np.random.default_rng(19)
    cases = []
    for n, lost, gained, eps, alpha in [(1000, 0.02, 0.018, 0.01, 0.05), (2000, 0.008, 0.007, 0.01, 0.05), (320, 0, 0, 0.01, 0.05), (60, 0.3, 0.1, 0.05, 0.1), (500, 0.001, 0.03, 0.005, 0.01)]:
        u = rng.random(n)
        d = np.where(u < lost, 1, np.where(u < lost + gained, -1, 0))
        variance = 2 * eps
        largest = lambda e: max(0.0, log_capital(d, e, alpha, variance).max())
        excess = lambda e: largest(e) - np.log(1 / alpha)
        # only where the capital reaches 1/alpha at some eps below 1
        upper = brentq(excess, -1 + 1e-9, 1 - 1e-9, xtol=1e-12)
        cases.append(dict(differing=[[int(i), int(d[i])] for i in np.flatnonzero(d)], n=n, epsilon=eps, alpha=alpha, variance=variance, p=float(np.exp(-largest(eps))), upper=float(upper)))
    counts = [(k, n, alpha) for n in (1, 20, 299, 1000, 100_000) for k in sorted({0, 1, n // 100, n // 3, n}) if k <= n for alpha in (0.05, 0.001)]
    exact = [dict(k=k, n=n, alpha=a, lower=0.0 if k == 0 else float(beta.ppf(a, k, n - k + 1)), upper=1.0 if k == n else float(beta.ppf(1 - a, k + 1, n - k)), p=float(binom.cdf(k, n, 0.01))) for k, n, a in counts]
    with open(out, 'w') as f:
        json.dump(dict(versions=dict(scipy=scipy.__version__, numpy=np.__version__), rate=0.01, betting=cases, binomial=exact), f, separators=(',', ':'))
        f.write('\n')
    print(scipy.__version__, np.__version__, [round(c['p'], 4) for c in cases], [round(c['upper'], 4) for c in cases])


if __name__ == '__main__':
    main()
