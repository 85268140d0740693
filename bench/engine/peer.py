"""
The PyTorch peer of `magic-pyramid bench`: the dense model, padded batches of 32 sorted by length, or one text alone.
A JSON object a line in, one a line out; the first line in says what to load, and each answer has the time that the
work itself took. Ends with its input.
"""

import json
import sys
import time

BATCH = 32


def answer(**fields):
    print(json.dumps(fields), flush=True)


given = json.loads(sys.stdin.readline())
try:
    import torch
    import transformers
except ImportError as error:
    answer(missing=error.name)
    sys.exit()

torch.set_num_threads(given["threads"])
transformers.logging.set_verbosity_error()
tokenizer = transformers.AutoTokenizer.from_pretrained(given["model"])
model = transformers.AutoModelForSequenceClassification.from_pretrained(given["model"]).eval()
texts = [text if isinstance(text, str) else text["text"] for text in given["texts"]]
pairs = [None if isinstance(text, str) else text.get("pair") for text in given["texts"]]
numbers = [given["labels"].index(model.config.id2label[i]) for i in range(model.config.num_labels)]


def encode(first, second):
    """Token ids and types as lists; `second` is None for single texts."""
    return tokenizer(first, second, truncation=True, max_length=given["maxLength"])


def run_pass():
    encoded = encode(texts, None if None in pairs else pairs)
    order = sorted(range(len(texts)), key=lambda i: len(encoded["input_ids"][i]))
    found = [0] * len(texts)
    for at in range(0, len(order), BATCH):
        part = order[at : at + BATCH]
        batch = tokenizer.pad({name: [rows[i] for i in part] for name, rows in encoded.items()}, return_tensors="pt")
        for i, label in zip(part, model(**batch).logits.argmax(-1).tolist()):
            found[i] = numbers[label]
    return found


def run_single(i):
    batch = tokenizer.pad(encode([texts[i]], None if pairs[i] is None else [pairs[i]]), return_tensors="pt")
    return model(**batch).logits.argmax(-1).tolist()


answer(
    versions={
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
)
with torch.inference_mode():
    for line in sys.stdin:
        request = json.loads(line)
        begin = time.perf_counter()
        if request["do"] == "pass":
            labels = run_pass()
            answer(seconds=time.perf_counter() - begin, labels=labels)
        else:
            run_single(request["index"])
            answer(ms=1e3 * (time.perf_counter() - begin))
