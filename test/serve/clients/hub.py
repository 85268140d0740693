"""huggingface_hub's InferenceClient against a server: prints what it returns for the texts on standard input."""

import json
import sys

from huggingface_hub import InferenceClient

url = sys.argv[1]
texts = json.load(sys.stdin)
client = InferenceClient(url)


def classify(client, text, **options):
    return [[element.label, element.score] for element in client.text_classification(text, **options)]


def failure(call):
    try:
        call()
    except Exception as error:
        return {"type": type(error).__name__, "status": error.response.status_code, "body": error.response.json()}


print(
    json.dumps(
        {
            "all": [classify(client, text) for text in texts],
            "predict": classify(InferenceClient(url + "/predict"), texts[0]),
            "top2": classify(client, texts[0], top_k=2),
            "logits": classify(client, texts[0], function_to_apply="none"),
            "unknownModel": failure(lambda: InferenceClient(url + "/predict?model=other").text_classification("w1")),
        }
    )
)
