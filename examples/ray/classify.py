"""A column of a Ray dataset classified by `magic-pyramid serve`: `map_batches` with a class that sends each batch as JSON lines.

    python classify.py http://127.0.0.1:8080 mails.parquet body answers
"""

import http.client
import json
import sys
from urllib.parse import urlsplit

import pandas as pd
import ray

# Rows of one request: their answers fit into what the operating system holds while the request is still being sent.
ROWS = 1000


class Classifier:
    """One of each actor: it keeps its connection."""

    def __init__(self, server, column):
        self.connection = http.client.HTTPConnection(urlsplit(server).netloc)
        self.column = column

    def __call__(self, batch):
        # a null may be None or NaN, as pandas has it
        texts = [None if pd.isna(text) else text for text in batch[self.column]]
        labels, scores, errors = zip(*map(self.answer, self.send(texts)))
        return batch.assign(label=labels, score=scores, error=errors)

    def send(self, texts):
        body = "".join(json.dumps(text) + "\n" for text in texts)
        self.connection.request("POST", "/v1/classify", body.encode(), {"content-type": "application/x-ndjson"})
        reply = self.connection.getresponse()
        if reply.status != 200:
            raise RuntimeError(reply.read().decode())
        return reply.read().splitlines()

    @staticmethod
    def answer(line):
        """A text that cannot be answered (a null) has an error in the place of its label."""
        found = json.loads(line)
        return found.get("label"), found.get("score"), found.get("error", {}).get("message")


if __name__ == "__main__":
    server, source, column, target = sys.argv[1:]
    mails = ray.data.read_parquet(source)
    answered = mails.map_batches(
        Classifier,
        fn_constructor_args=[server, column],
        batch_format="pandas",
        batch_size=ROWS,
        concurrency=2,  # requests at once
        num_cpus=0,  # they wait for the server; the processors are for reading and writing
    )
    answered.write_parquet(target)
    print(ray.data.read_parquet(target).groupby("label").count().to_pandas().to_string(index=False))
