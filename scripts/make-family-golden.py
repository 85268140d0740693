"""Reference values for the test suite: a tiny classifier of each family as Hugging Face transformers has it, in float64:
its config.json, the names and shapes of its tensors, and its logits for four texts.

    python scripts/make-family-golden.py                (needs torch and transformers; writes test/golden/families-golden.json)
    python scripts/make-family-golden.py FOLDER …       (prints what a model folder that we wrote answers, and what of it does not fit)

Parameters come from the generator of make-golden.py, in the order of the file, so that they need not be stored.
"""
import json, math, os, sys
import torch
from transformers import AutoModelForSequenceClassification, BertConfig, DistilBertConfig

torch.set_num_threads(1)
OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'test', 'golden', 'families-golden.json')
TEXTS = [([2, 5, 6, 7, 8, 9, 3], [0] * 7), ([2, 10, 3], [0] * 3),
         ([2, 11, 12, 13, 3, 14, 15, 16, 3], [0] * 5 + [1] * 4), ([2, 17, 18, 3, 19, 3], [0] * 4 + [1] * 2)]


class Stream:
    """x <- 1664525 x + 1013904223 mod 2^32; its upper 24 bits as a number in [-1/2, 1/2), exact in float32."""
    def __init__(self, seed): self.x = seed
    def take(self, *shape):
        values = []
        for _ in range(math.prod(shape)):
            self.x = (1664525 * self.x + 1013904223) % 2 ** 32
            values.append((self.x >> 8) / 2 ** 24 - 0.5)
        return torch.tensor(values, dtype=torch.float64).reshape(shape)


def logits(model):
    found = []
    for ids, types in TEXTS:
        given = dict(input_ids=torch.tensor([ids]))
        if model.config.model_type == 'bert': given['token_type_ids'] = torch.tensor([types])
        with torch.no_grad(): found.append([float(f'{value:.9g}') for value in model(**given).logits[0].tolist()])
    return found


if len(sys.argv) > 1:
    for folder in sys.argv[1:]:
        model, info = AutoModelForSequenceClassification.from_pretrained(folder, output_loading_info=True)
        print(json.dumps(dict(folder=folder, model=type(model).__name__, labels=model.config.id2label, logits=logits(model.double().eval()),
                              **{kind: sorted(map(str, info[kind])) for kind in ('missing_keys', 'unexpected_keys', 'mismatched_keys')})))
    sys.exit()

names = dict(id2label={0: 'a', 1: 'b', 2: 'c'}, label2id=dict(a=0, b=1, c=2))
configs = [
    BertConfig(vocab_size=24, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, max_position_embeddings=12, **names),
    DistilBertConfig(vocab_size=24, dim=16, n_layers=2, n_heads=2, hidden_dim=32, max_position_embeddings=12, sinusoidal_pos_embds=True, **names),
]
content = {}
for config in configs:
    config._attn_implementation = 'eager'
    model = AutoModelForSequenceClassification.from_config(config).double().eval()
    stream, weights = Stream(7), {}
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            base = 1.0 if name.lower().replace('_', '').endswith('layernorm.weight') else 0.0
            weights[name] = base + stream.take(*value.shape)
    model.load_state_dict({**model.state_dict(), **weights})
    said = {key: value for key, value in model.config.to_dict().items() if value is not None}
    content[config.model_type] = dict(config={**said, 'architectures': [type(model).__name__]}, tensors=[[name, list(value.shape)] for name, value in weights.items()],
                                      texts=[dict(ids=ids, types=types) for ids, types in TEXTS], logits=logits(model))
with open(OUT, 'w') as file:
    file.write('{\n' + ',\n'.join(f'{json.dumps(key)}: {json.dumps(value)}' for key, value in content.items()) + '\n}\n')
