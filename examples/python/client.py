"""A client of `magic-pyramid serve`, with nothing but Python: one text, and a stream of any number of them.

    python client.py http://127.0.0.1:8080 "You have won a prize"
    python client.py http://127.0.0.1:8080 < lines.txt
"""

import http.client
import json
import sys
from urllib.parse import urlsplit
from urllib.request import Request, urlopen


def classify(server, texts, tau=None):
    """Answers in the order of the texts, which may be at most 32."""
    body = json.dumps({"inputs": texts, **({} if tau is None else {"tau": tau})}).encode()
    request = Request(f"{server}/v1/classify", body, {"content-type": "application/json"})
    with urlopen(request) as reply:
        return json.load(reply)["results"]


def classify_stream(server, texts):
    """Answers of any number of texts, as they come: JSON lines there and back on one connection."""
    connection = http.client.HTTPConnection(urlsplit(server).netloc)
    lines = (json.dumps(text).encode() + b"\n" for text in texts)
    headers = {"content-type": "application/x-ndjson"}
    connection.request("POST", "/v1/classify", lines, headers, encode_chunked=True)
    reply = connection.getresponse()
    if reply.status != 200:
        raise RuntimeError(reply.read().decode())
    for line in reply:
        yield json.loads(line)


if __name__ == "__main__":
    server, texts = sys.argv[1], sys.argv[2:]
    answers = classify(server, texts) if texts else classify_stream(server, (line.rstrip("\n") for line in sys.stdin))
    for answer in answers:
        # a line of a stream that cannot be answered has an error in the place of its label
        print(answer["label"] if "label" in answer else answer["error"]["message"])
