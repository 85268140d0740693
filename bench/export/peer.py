"""One file in Python's onnxruntime: is it valid, does it answer as the engine, and what does it save at batch 1?

  python -m venv env && env/bin/pip install onnx onnxruntime
  env/bin/python bench/export/peer.py /tmp/one-file        # after bench/export/prepare.mjs

Dense and pyramid take turns, text by text, on one thread each; of each text the fastest of five turns counts.
"""

import json
import os
import sys
import time

import numpy as np
import onnx
import onnxruntime as ort

folder = sys.argv[1]
timed = int(sys.argv[2]) if len(sys.argv) > 2 else 150
with open(os.path.join(folder, "rows.json")) as file:
    given = json.load(file)
rows, tau = given["rows"], np.array(given["tau"], np.float32)

path = os.path.join(folder, "pyramid.onnx")
onnx.checker.check_model(path, full_check=True)
domains = {node.domain for node in onnx.load(path).graph.node}
print("onnx.checker: valid; domains of operators:", domains)


def session(name, threads=1):
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return ort.InferenceSession(os.path.join(folder, name), options, providers=["CPUExecutionProvider"])


pyramid, dense = session("pyramid.onnx"), session("dense.onnx")
print("inputs", [i.name for i in pyramid.get_inputs()], "outputs", [o.name for o in pyramid.get_outputs()])


def feeds(some, of, most=None):
    ids = [r["ids"] if most is None else r["ids"][: most(r)] for r in some]
    width = max(map(len, ids))
    pad = lambda value: np.array([[value(i, x) for i, x in enumerate(r)] + [0] * (width - len(r)) for r in ids], np.int64)
    every = {"input_ids": pad(lambda _, x: x), "attention_mask": pad(lambda *_: 1), "token_type_ids": pad(lambda *_: 0), "tau": tau}
    return {i.name: np.asarray(every[i.name]) for i in of.get_inputs()}


for batch in (1, 32):
    exits = labels = 0
    worst = 0.0
    for at in range(0, len(rows), batch):
        some = rows[at : at + batch]
        logits, scores, exit = pyramid.run(["logits", "scores", "exit"], feeds(some, pyramid))
        expected = np.array([r["logits"] for r in some])
        worst = max(worst, float(np.abs(logits - expected).max()))
        exits += int((exit == np.array([r["exit"] for r in some])).sum())
        labels += int((logits.argmax(1) == np.array([r["best"] for r in some])).sum())
    print(f"batches of {batch}: {len(rows)} rows, same exit {exits}, same label {labels}, largest difference of a logit {worst:.2e}")

one = [(feeds([r], dense, lambda r: r["networkTokens"]), feeds([r], pyramid)) for r in rows[:timed]]
TURNS = 5
fastest = np.full((timed, 2), np.inf)
for turn in range(TURNS):
    for text, inputs in enumerate(one):
        for which, model in enumerate((dense, pyramid)):
            start = time.perf_counter()
            model.run(["logits"], inputs[which])
            fastest[text, which] = min(fastest[text, which], time.perf_counter() - start)
spent = fastest.sum(0)
some = rows[:timed]
actual = sum(r["denseFlops"] for r in some) / sum(r["flops"] for r in some)
print(f"tau {given['tau']}, {timed} texts one by one: dense {1e3 * spent[0] / timed:.2f} ms, pyramid {1e3 * spent[1] / timed:.2f} ms a text")
print(f"speed-up on the clock {spent[0] / spent[1]:.2f}, in operations as computed {actual:.2f}, ratio {spent[0] / spent[1] / actual:.2f}")
