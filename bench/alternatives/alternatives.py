"""What people use instead of a transformer, as its users run it: one thread, tokenising included, on the rows that rows.mjs wrote.

    python bench/alternatives/alternatives.py --rows DIR [--rounds 3]

Prints a JSON object a line: system, accuracy, texts a second (the best of the rounds), p50 of one text in milliseconds, seconds of
training, bytes on disk. Needs requirements.txt. A pair is given as its two texts with a space between.
"""
import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import argparse
import json
import pickle
import re
import tempfile
import time


def read(path):
    rows = [json.loads(line) for line in open(path, encoding="utf-8")]
    texts = [row["text"] + (" " + row["pair"] if row.get("pair") else "") for row in rows]
    return texts, [row["label"] for row in rows]


def tfidf(train, labels, folder):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10, max_iter=1000))
    model.fit(train, labels)
    path = os.path.join(folder, "tfidf.pickle")
    with open(path, "wb") as file:
        pickle.dump(model, file)
    return lambda texts: list(model.predict(texts)), path


def fasttext_(train, labels, folder):
    import fasttext

    # as its tutorial has it: lower case, punctuation apart, bigrams
    plain = lambda text: re.sub(r"([.!?,'/()])", r" \1 ", text.lower()).replace("\n", " ")
    rows = os.path.join(folder, "rows.txt")
    with open(rows, "w", encoding="utf-8") as file:
        file.writelines(f"__label__{label} {plain(text)}\n" for text, label in zip(train, labels))
    model = fasttext.train_supervised(rows, lr=1.0, epoch=25, wordNgrams=2, thread=1, verbose=0)
    path = os.path.join(folder, "fasttext.bin")
    model.save_model(path)
    return lambda texts: [int(one[0].removeprefix("__label__")) for one in model.predict([plain(t) for t in texts])[0]], path


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--rows", required=True)
    args.add_argument("--rounds", type=int, default=3)
    args = args.parse_args()
    train, labels = read(os.path.join(args.rows, "train.jsonl"))
    test, truth = read(os.path.join(args.rows, "test.jsonl"))
    for name, learn in (("TF-IDF, logistic regression (scikit-learn)", tfidf), ("fastText", fasttext_)):
        with tempfile.TemporaryDirectory() as folder:
            begin = time.perf_counter()
            predict, path = learn(train, labels, folder)
            trained = time.perf_counter() - begin
            best = float("inf")
            for _ in range(args.rounds):
                begin = time.perf_counter()
                answers = predict(test)
                best = min(best, time.perf_counter() - begin)
            single = []
            for text in test[:500]:
                begin = time.perf_counter()
                predict([text])
                single.append(time.perf_counter() - begin)
            print(
                json.dumps(
                    {
                        "system": name,
                        "train": len(train),
                        "test": len(test),
                        "accuracy": sum(a == t for a, t in zip(answers, truth)) / len(truth),
                        "textsPerSecond": len(test) / best,
                        "p50Ms": 1000 * sorted(single)[len(single) // 2],
                        "trainSeconds": trained,
                        "bytes": os.path.getsize(path),
                    }
                ),
                flush=True,
            )


main()
