"""Reference values for models that answer with any number of labels, a number, or one output without a problem type: logits, loss,
gradients and the scores of the pipeline, all of them transformers' own, on a BERT of two layers in float64.

    python scripts/make-answers-golden.py        (needs torch and transformers; writes test/golden/answers-golden.json)

Parameters come from a generator of three lines that the tests repeat, and a gradient is kept as its largest value and its products
with three vectors of that generator, as in make-golden.py.
"""
import json, math, os
import torch, torch.nn.functional as F
from transformers import BertConfig, BertForSequenceClassification, TextClassificationPipeline

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'test', 'golden', 'answers-golden.json')
SIZES = dict(vocab_size=24, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
             max_position_embeddings=12, type_vocab_size=2, layer_norm_eps=1e-12)
TEXTS = [([2, 5, 6, 7, 8, 9, 3], [0] * 7), ([2, 10, 3], [0] * 3), ([2, 11, 12, 13, 3, 14, 15, 16, 3], [0] * 5 + [1] * 4),
         ([2, 17, 18, 3, 19, 3], [0] * 4 + [1] * 2)]


class Stream:
    """x <- 1664525 x + 1013904223 mod 2^32; its upper 24 bits as a number in [-1/2, 1/2), exact in float32."""
    def __init__(self, seed): self.x = seed
    def take(self, *shape):
        values = []
        for _ in range(math.prod(shape)):
            self.x = (1664525 * self.x + 1013904223) % 2 ** 32
            values.append((self.x >> 8) / 2 ** 24 - 0.5)
        return torch.tensor(values).reshape(shape)


def plain(value):
    if isinstance(value, dict): return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)): return [plain(item) for item in value]
    if isinstance(value, torch.Tensor): return plain(value.detach().tolist())
    return float(f'{value:.8g}') if isinstance(value, float) else value


def gradients(loss, model):
    kept = {}
    names, tensors = zip(*model.named_parameters())
    for name, value in zip(names, torch.autograd.grad(loss, tensors, retain_graph=True)):
        draws = Stream(3)
        kept[name] = [value.abs().max().item()] + [(value * draws.take(*value.shape)).sum().item() for _ in range(3)]
    return kept


def scores(model, logits):
    """as the pipeline gives them where nobody says which function to apply, in the order of the labels"""
    pipe = object.__new__(TextClassificationPipeline)
    pipe.model, pipe.framework = model, 'pt'
    found = pipe.postprocess({'logits': logits[None].detach()}, top_k=None, _legacy=False)
    by_label = {entry['label']: entry['score'] for entry in found}
    return [by_label[model.config.id2label[c]] for c in range(len(by_label))]


several = torch.tensor([[1., 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0]])
numbers = torch.tensor([0.5, -1.25, 3., 2.])
CASES = {
    'several labels': (dict(num_labels=3, problem_type='multi_label_classification'), several),
    'a number': (dict(num_labels=1, problem_type='regression'), numbers),
    'one output and no problem type': (dict(num_labels=1), None),
}
content = dict(config=SIZES, texts=[dict(ids=ids, types=types) for ids, types in TEXTS])
width = max(len(ids) for ids, _ in TEXTS)
pad = lambda rows: torch.tensor([row + [0] * (width - len(row)) for row in rows])
batch = dict(input_ids=pad([ids for ids, _ in TEXTS]), token_type_ids=pad([types for _, types in TEXTS]),
             attention_mask=pad([[1] * len(ids) for ids, _ in TEXTS]))
for case, (settings, targets) in CASES.items():
    config = BertConfig(**SIZES, **settings, hidden_dropout_prob=0, attention_probs_dropout_prob=0, attn_implementation='eager')
    model = BertForSequenceClassification(config).eval()
    stream = Stream(7)
    shapes = []
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            base = 1.0 if name.endswith('LayerNorm.weight') else 0.0
            parameter.copy_(base + stream.take(*parameter.shape))
            shapes.append([name, list(parameter.shape)])
    out = model(**batch, **({} if targets is None else dict(labels=targets)))
    said = dict(labels=settings['num_labels'], problemType=settings.get('problem_type'), parameters=shapes, logits=out.logits,
                scores=[scores(model, row) for row in out.logits])
    if targets is not None: said.update(targets=targets.reshape(4, -1), loss=out.loss, gradients=gradients(out.loss, model))
    if case == 'several labels':
        positives = torch.tensor([2., 0.5, 4.])
        loss = F.binary_cross_entropy_with_logits(out.logits, several, pos_weight=positives)
        said.update(positives=positives, weightedLoss=loss, weightedGradient=torch.autograd.grad(loss, out.logits, retain_graph=True)[0])
    content[case] = said
line = lambda key, item: f'{json.dumps(key)}: ' + json.dumps(plain(item), separators=(',', ':'))
with open(OUT, 'w') as file: file.write('{\n' + ',\n'.join(line(*entry) for entry in content.items()) + '\n}\n')
