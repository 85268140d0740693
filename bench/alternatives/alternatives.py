"""What people use instead of a transformer, as its users run it: one thread, tokenising included, on the rows that rows.mjs wrote.

    python bench/alternatives/alternatives.py --rows DIR [--rounds 3] [--systems tfidf,fasttext]
    python bench/alternatives/alternatives.py --rows DIR --systems static --encoder DIR --static DIR

Prints a JSON object a line: system, accuracy, texts a second (the best of the rounds), p50 of one text in milliseconds, seconds of
training (and those of the processor), bytes on disk. Needs requirements.txt; `static`, the static embeddings of model2vec, needs
requirements-static.txt instead. They are distilled from the sentence encoder in --encoder into --static, unless they are there
already. A pair is given as its two texts with a space between.
"""
import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import argparse
import json
import pickle
import re
import sys
import tempfile
import time


def read(path):
    rows = [json.loads(line) for line in open(path, encoding="utf-8")]
    texts = [row["text"] + (" " + row["pair"] if row.get("pair") else "") for row in rows]
    return texts, [row["label"] for row in rows]


def tfidf(train, labels, folder, args):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10, max_iter=1000))
    model.fit(train, labels)
    path = os.path.join(folder, "tfidf.pickle")
    with open(path, "wb") as file:
        pickle.dump(model, file)
    return lambda texts: list(model.predict(texts)), path


def fasttext_(train, labels, folder, args):
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


def static(train, labels, folder, args):
    from model2vec import StaticModel
    from model2vec.train import StaticModelForClassification

    # as its page on training has it: the embeddings are trained too, a tenth of the rows says when to stop
    classifier = StaticModelForClassification.from_static_model(model=StaticModel.from_pretrained(args.static))
    classifier.fit(train, labels, device="cpu")
    pipeline = classifier.to_pipeline()
    path = os.path.join(folder, "static")
    pipeline.save_pretrained(path)
    return lambda texts: [int(one) for one in pipeline.predict(texts, use_multiprocessing=False)], path


def distilled(args):
    """Makes --static of --encoder, once."""
    import torch
    from model2vec.distill import distill_from_model
    from transformers import AutoModel, AutoTokenizer

    torch.set_num_threads(1)
    if os.path.exists(args.static):
        return
    begin = time.perf_counter()
    # a folder may hold half precision, in which a processor computes many times slower
    encoder = AutoModel.from_pretrained(args.encoder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(args.encoder)
    distill_from_model(encoder, tokenizer, device="cpu").save_pretrained(args.static)
    print(f"distilled in {time.perf_counter() - begin:.0f} s", file=sys.stderr)


SYSTEMS = {
    "tfidf": ("TF-IDF, logistic regression (scikit-learn)", tfidf),
    "fasttext": ("fastText", fasttext_),
    "static": ("static embeddings (model2vec)", static),
}


def size(path):
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(path) for name in names)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--systems", default="tfidf,fasttext")
    parser.add_argument("--encoder")
    parser.add_argument("--static")
    args = parser.parse_args()
    systems = args.systems.split(",")
    if "static" in systems:
        distilled(args)
    train, labels = read(os.path.join(args.rows, "train.jsonl"))
    test, truth = read(os.path.join(args.rows, "test.jsonl"))
    for name, learn in (SYSTEMS[system] for system in systems):
        with tempfile.TemporaryDirectory() as folder:
            begin, work = time.perf_counter(), time.process_time()
            predict, path = learn(train, labels, folder, args)
            trained, worked = time.perf_counter() - begin, time.process_time() - work
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
                        "trainCpuSeconds": worked,
                        "bytes": size(path),
                    }
                ),
                flush=True,
            )


main()
