"""A column of a Spark table classified by `magic-pyramid serve`: a `pandas_udf` that sends each batch as JSON lines.

    spark-submit classify.py http://127.0.0.1:8080 mails.parquet body answers.parquet
"""

import http.client
import json
import sys
from typing import Iterator
from urllib.parse import urlsplit

import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql.functions import pandas_udf

# Rows of one request: their answers fit into what the operating system holds while the request is still being sent.
ROWS = 1000
COLUMNS = ["label", "score", "exit", "error"]


def classify(connection, texts):
    """Answers in the order of the texts; a text that cannot be answered (a null) has an error in the place of its label."""
    for start in range(0, len(texts), ROWS):
        body = "".join(json.dumps(text) + "\n" for text in texts[start : start + ROWS])
        connection.request("POST", "/v1/classify", body.encode(), {"content-type": "application/x-ndjson"})
        reply = connection.getresponse()
        if reply.status != 200:
            raise RuntimeError(reply.read().decode())
        for line in reply.read().splitlines():
            answer = json.loads(line)
            error = answer.get("error", {}).get("message")
            yield answer.get("label"), answer.get("score"), answer.get("exit"), error


def classifier(server):
    @pandas_udf("label string, score double, exit int, error string")
    def answers(batches: Iterator[pd.Series]) -> Iterator[pd.DataFrame]:
        # one connection a partition
        connection = http.client.HTTPConnection(urlsplit(server).netloc)
        for texts in batches:
            # a null may be None or NaN, as pandas has it
            given = [None if pd.isna(text) else text for text in texts]
            frame = pd.DataFrame(list(classify(connection, given)), columns=COLUMNS)
            yield frame.astype({"exit": "Int32"})
        connection.close()

    return answers


if __name__ == "__main__":
    server, source, column, target = sys.argv[1:]
    spark = SparkSession.builder.appName("magic-pyramid").getOrCreate()
    mails = spark.read.parquet(source)
    mails.withColumn("answer", classifier(server)(column)).write.parquet(target)
    spark.read.parquet(target).groupBy("answer.label").count().show()
