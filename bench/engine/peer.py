"""The PyTorch peer of run.mjs: dense, sorted batches of 32, and one text at a time. JSON in, one row of JSON out."""

import json
import sys
import time

import torch
from transformers import AutoTokenizer, BertForSequenceClassification

given = json.load(sys.stdin)
texts, limit = given["texts"], given["maxLength"]
tokenizer = AutoTokenizer.from_pretrained(given["model"])
model = BertForSequenceClassification.from_pretrained(given["model"]).eval()


def batch():
    ids = sorted(tokenizer(texts, truncation=True, max_length=limit)["input_ids"], key=len)
    for at in range(0, len(ids), 32):
        model(**tokenizer.pad({"input_ids": ids[at : at + 32]}, return_tensors="pt"))


def timed(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


with torch.inference_mode():
    seconds = min(timed(batch) for _ in range(2))
    single = sorted(
        timed(lambda text=text: model(**tokenizer(text, truncation=True, max_length=limit, return_tensors="pt")))
        for text in texts[: given["singles"]]
    )
print(
    json.dumps(
        {
            "system": "PyTorch, dense, sorted",
            "textsPerSecond": len(texts) / seconds,
            "p50Ms": single[len(single) // 2] * 1e3,
            "p99Ms": single[int(len(single) * 0.99)] * 1e3,
            "accuracy": None,
        }
    )
)
