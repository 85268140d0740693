"""Few rows a label: SetFit with its defaults, and a frozen encoder under a logistic regression. few.mjs calls it.

    python bench/alternatives/few.py --system setfit|frozen --train ROWS.jsonl --test ROWS.jsonl --model DIR [--max-steps N]

Prints a JSON object: accuracy on the test rows, seconds of training (and those of the processor). One thread. Needs
requirements-few.txt. The encoder's folder has no pooling of its own, so the mean of the tokens is taken, as the encoder was trained.
"""
import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import argparse
import json
import tempfile
import time


def read(path):
    rows = [json.loads(line) for line in open(path, encoding="utf-8")]
    return [row["text"] for row in rows], [row["label"] for row in rows]


def encoder_of(folder):
    """In single precision, whatever the folder holds: half is many times slower on a processor, and too coarse to train in."""
    import torch
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(folder, model_kwargs={"dtype": torch.float32})


def setfit(texts, labels, args):
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments
    from sklearn.linear_model import LogisticRegression

    model = SetFitModel(model_body=encoder_of(args.model), model_head=LogisticRegression())  # as from_pretrained makes it
    with tempfile.TemporaryDirectory() as folder:
        # the defaults, but for what is written and shown
        options = TrainingArguments(
            output_dir=folder, report_to="none", save_strategy="no", show_progress_bar=False, max_steps=args.max_steps
        )
        Trainer(model=model, args=options, train_dataset=Dataset.from_dict({"text": texts, "label": labels})).train()
    return lambda texts: list(model.predict(texts, show_progress_bar=False))


def frozen(texts, labels, args):
    from sklearn.linear_model import LogisticRegression

    encoder = encoder_of(args.model)
    embed = lambda texts: encoder.encode(texts, show_progress_bar=False, normalize_embeddings=True)
    head = LogisticRegression(C=10, max_iter=1000).fit(embed(texts), labels)
    return lambda texts: list(head.predict(embed(texts)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--system", choices=["setfit", "frozen"], required=True)
    parser.add_argument("--train", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--max-steps", type=int, default=-1)
    args = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    texts, labels = read(args.train)
    test, truth = read(args.test)
    begin, work = time.perf_counter(), time.process_time()
    predict = {"setfit": setfit, "frozen": frozen}[args.system](texts, labels, args)
    seconds, work = time.perf_counter() - begin, time.process_time() - work
    answers = [str(answer) for answer in predict(test)]
    right = sum(answer == str(label) for answer, label in zip(answers, truth))
    print(json.dumps({"accuracy": right / len(truth), "trainSeconds": seconds, "trainCpuSeconds": work}), flush=True)


main()
