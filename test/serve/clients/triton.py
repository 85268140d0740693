"""tritonclient[http] against a server: prints what it returns for the texts on standard input."""

import json
import sys

import numpy as np
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

host, model = sys.argv[1:]
texts = json.load(sys.stdin)
client = InferenceServerClient(host)


def tensor(name, values, binary, shape=None):
    array = np.array([value.encode() for value in values], dtype=np.object_).reshape(shape or [len(values)])
    given = InferInput(name, list(array.shape), "BYTES")
    given.set_data_from_numpy(array, binary_data=binary)
    return given


def plain(result, names=("label", "score", "scores", "exit")):
    def values(name):
        array = result.as_numpy(name)
        return [v.decode() if isinstance(v, bytes) else v for v in array.flatten().tolist()]

    return {name: {"shape": list(result.as_numpy(name).shape), "data": values(name)} for name in names}


def failure(call):
    try:
        call()
    except InferenceServerException as error:
        return {"status": error.status(), "message": error.message()}


def wanted(binary):
    return [InferRequestedOutput(name, binary_data=binary) for name in ("label", "score", "scores", "exit")]


version = client.get_model_metadata(model)["versions"][0]
print(
    json.dumps(
        {
            "live": client.is_server_live(),
            "ready": client.is_server_ready(),
            "modelReady": client.is_model_ready(model),
            "otherReady": client.is_model_ready("other"),
            "server": client.get_server_metadata(),
            "metadata": client.get_model_metadata(model),
            "binary": plain(client.infer(model, [tensor("text", texts, True)], request_id="7")),
            "json": plain(client.infer(model, [tensor("text", texts, False)], outputs=wanted(False))),
            "mixed": plain(client.infer(model, [tensor("text", texts, False)], outputs=wanted(True))),
            "column": plain(client.infer(model, [tensor("text", texts, True, [len(texts), 1])])),
            "version": plain(client.infer(model, [tensor("text", texts, True)], model_version=version)),
            "gzip": plain(client.infer(model, [tensor("text", texts, True)], request_compression_algorithm="gzip")),
            "pair": plain(
                client.infer(model, [tensor("text", texts[:1], True), tensor("text_pair", texts[1:2], True)])
            ),
            "off": plain(client.infer(model, [tensor("text", texts, True)], parameters={"tau": "off"})),
            "classes": plain(
                client.infer(
                    model, [tensor("text", texts, True)], outputs=[InferRequestedOutput("scores", class_count=2)]
                ),
                ["scores"],
            ),
            "id": client.infer(model, [tensor("text", texts, True)], request_id="7").get_response()["id"],
            "unknownModel": failure(lambda: client.infer("other", [tensor("text", texts, True)])),
            "unknownOutput": failure(
                lambda: client.infer(model, [tensor("text", texts, True)], outputs=[InferRequestedOutput("nothing")])
            ),
            "config": failure(lambda: client.get_model_config(model)),
        }
    )
)
