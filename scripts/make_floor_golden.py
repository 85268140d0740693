"""Floor 0's features, weights and logits by scikit-learn on a small fixed set, for test/train/linear/floor-golden.test.ts.

  python scripts/make_floor_golden.py test/golden/floor-golden.json

Needs scikit-learn and numpy; 1.9.0 made the file. Buckets are counted here with Python's whole numbers, idf is rounded to half
precision as a folder keeps it, and scikit-learn fits the matrix that comes of it. Token ids are drawn by a seed: texts of a label
prefer some ids; id 0 is a special token. A soft row is one row a label for scikit-learn, weighted by its share.
"""
import argparse, json, math, random
import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

P, A, B = 2**31 - 1, 1_597_334_677, 1_103_515_245
TEXT, BOTH, APART = 0, 715_225_739, 1_431_655_781
BUCKETS, VOCABULARY, FIRST_NUMBER = 1024, 60, 50  # ids from 50 on are numbers


def bucket(first, second, space):
    return (A * (first + 1) + B * (second + 1) + space) % P % BUCKETS


def grams(ids):
    """Unigrams (id, -1) and bigrams; a special token ends a bigram."""
    yes = []
    for i, t in enumerate(ids):
        if t != 0:
            yes.append((t, -1))
            if i and ids[i - 1] != 0:
                yes.append((ids[i - 1], t))
    return yes


def idf_of(rows, having):
    return float(np.float16(math.log((1 + rows) / (1 + having)) + 1))


def text_matrix(texts, min_rows):
    """[n, BUCKETS]: (1 + ln tf) idf, the norm with what has no column too."""
    counts = np.zeros((len(texts), BUCKETS))
    for i, ids in enumerate(texts):
        for first, second in grams(ids):
            counts[i, bucket(first, second, TEXT)] += 1
    having = (counts > 0).sum(0)
    unseen = math.log(1 + len(texts)) + 1
    idf = np.array([idf_of(len(texts), h) if h >= min_rows else unseen for h in having])
    values = np.where(counts > 0, (1 + np.log(np.maximum(counts, 1))) * idf, 0)
    norm = np.linalg.norm(values, axis=1, keepdims=True)
    return np.where(having >= min_rows, values / np.where(norm > 0, norm, 1), 0)


def pair_matrix(pairs, min_rows):
    """[n, BUCKETS + 20]: pieces that both have or only one, then the standardised figures, then their squares."""
    texts = [t for p in pairs for t in p]
    having = {t: sum(t in x for x in texts) for t in range(VOCABULARY)}
    idf = {t: idf_of(len(texts), h) for t, h in having.items()}
    weight = lambda ids: sum(idf[t] for t in ids)
    bag, figures = np.zeros((len(pairs), BUCKETS)), []
    for i, (a, b) in enumerate(pairs):
        a, b = [t for t in a if t != 0], [t for t in b if t != 0]
        sa, sb, ba, bb = set(a), set(b), set(zip(a, a[1:])), set(zip(b, b[1:]))
        common, apart = sa & sb, sa ^ sb
        for t in common:
            bag[i, bucket(t, -1, BOTH)] = 1
        for t in apart:
            bag[i, bucket(t, -1, APART)] = 1
        figures.append([
            weight(common) / (weight(sa | sb) + 1e-9), weight(sa - sb) / (weight(sa) + 1e-9), weight(sb - sa) / (weight(sb) + 1e-9), len(common) / (len(sa | sb) + 1e-9),
            len(ba & bb) / (len(ba | bb) + 1), abs(len(a) - len(b)), min(len(a), len(b)), float(a[:1] == b[:1]),
            max([idf[t] for t in apart], default=0), float(not any(t >= FIRST_NUMBER for t in apart)),
        ])
    seen = (bag > 0).sum(0) >= min_rows
    f = np.array(figures)
    spread = f.std(0)
    f = (f - f.mean(0)) / np.where(spread > 1e-6, spread, 1)
    return np.concatenate([np.where(seen, bag, 0), f, f**2], 1)


def drawn(rng, label, labels):
    own = [1 + (7 * label + j) % (VOCABULARY - 1) for j in range(9)]
    return [rng.choice(own) if rng.random() < 0.45 else rng.randrange(1 if rng.random() < 0.95 else 0, VOCABULARY) for _ in range(rng.randint(3, 14))]


def paired(rng, label):
    a = [rng.randrange(1, VOCABULARY) for _ in range(rng.randint(3, 10))]
    b = [t if rng.random() < (0.75 if label else 0.4) else rng.randrange(1, VOCABULARY) for t in a]
    rng.shuffle(b) if rng.random() < 0.5 else None
    return a, b[: rng.randint(2, len(b))]


def fit(x, y, weights, strength):
    # a penalty this weak, or scores this flat, take many steps
    return LogisticRegression(C=strength, tol=1e-12, max_iter=100_000).fit(x, y, sample_weight=weights)


def case(name, x, labels, rows, strength, targets, class_weights=None, **more):
    """`targets`: a label a row, or its shares."""
    shares = np.array([np.eye(labels)[t] if isinstance(t, int) else t for t in targets])
    w = shares * np.array(class_weights or [1] * labels)
    model = fit(np.repeat(x, labels, 0), np.tile(np.arange(labels), len(x)), w.reshape(-1), strength)
    z = x @ model.coef_.T + model.intercept_
    z = np.concatenate([-z / 2, z / 2], 1) if labels == 2 else z
    used = [int(c) for c in np.flatnonzero((x != 0).any(0))]
    r = lambda v: float(f'{v:.9g}')
    return dict(
        name=name, labels=labels, strength=strength, rows=rows, targets=[t if isinstance(t, int) else [r(p) for p in t] for t in targets], classWeights=class_weights, **more,
        features=[[[int(c), r(row[c])] for c in np.flatnonzero(row)] for row in x], weights=[[c, [r(v) for v in model.coef_[:, c]]] for c in used], bias=[r(v) for v in model.intercept_],
        logits=[[r(v) for v in row] for row in z],
    )


def main():
    args = argparse.ArgumentParser()
    args.add_argument('out')
    out = args.parse_args().out
    rng = random.Random(18)
    texts = lambda n, labels: [(drawn(rng, i % labels, labels), i % labels) for i in range(n)]
    cases = []
    four, two, soft = texts(32, 4), texts(30, 2), texts(24, 3)
    shares = lambda label: [float(p) for p in np.random.default_rng(rng.randrange(10**6)).dirichlet([4 if c == label else 1 for c in range(3)]).round(4)]
    cases.append(case('four labels', text_matrix([t for t, _ in four], 1), 4, [t for t, _ in four], 10, [l for _, l in four], minRows=1))
    cases.append(case('two labels, rare n-grams left out', text_matrix([t for t, _ in two], 2), 2, [t for t, _ in two], 3, [l for _, l in two], minRows=2))
    answers = [l if i % 2 else shares(l) for i, (_, l) in enumerate(soft)]
    answers = [a if isinstance(a, int) else [*a[:2], round(1 - a[0] - a[1], 4)] for a in answers]
    cases.append(case('three labels, scores for half of the rows, class weights', text_matrix([t for t, _ in soft], 1), 3, [t for t, _ in soft], 2, answers, [1, 2.5, 0.5], minRows=1))
    pairs = [paired(rng, i % 2) for i in range(30)]
    cases.append(case('pairs', pair_matrix(pairs, 2), 2, pairs, 0.3, [i % 2 for i in range(30)], minRows=2))
    grid = [[first, second, space, (A * (first + 1) + B * (second + 1) + space) % P] for first in (0, 1, 30521, 2**18 - 1) for second in (-1, 0, 2**18 - 1) for space in (TEXT, BOTH, APART)]
    with open(out, 'w') as f:
        json.dump(dict(version=sklearn.__version__, buckets=BUCKETS, vocabulary=VOCABULARY, firstNumber=FIRST_NUMBER, hashes=grid, cases=cases), f, separators=(',', ':'))
        f.write('\n')
    print(sklearn.__version__, [c['name'] for c in cases])


if __name__ == '__main__':
    main()
