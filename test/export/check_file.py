"""One ONNX file: checked by onnx.checker and run by Python's onnxruntime. Reads JSON from standard input: the file's path and
the feeds by name, rows of numbers each; prints the outputs as JSON in its last line."""

import json
import sys

import numpy as np
import onnx
import onnxruntime as ort

asked = json.load(sys.stdin)
onnx.checker.check_model(asked["path"], full_check=True)


def operators(graph):
    for node in graph.node:
        yield node.domain
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from operators(attribute.g)


domains = sorted(set(operators(onnx.load(asked["path"]).graph)))
session = ort.InferenceSession(asked["path"], providers=["CPUExecutionProvider"])
types = {"tensor(int64)": np.int64, "tensor(float)": np.float32}
feeds = {i.name: np.array(asked["feeds"][i.name], types[i.type]) for i in session.get_inputs()}
names = [o.name for o in session.get_outputs()]
found = dict(zip(names, (value.tolist() for value in session.run(names, feeds))))
print(json.dumps({"domains": domains, "about": session.get_modelmeta().custom_metadata_map, **found}))
