"""Reference values for the test suite, computed by PyTorch in float64: the losses and distillations of the three
problem types with their gradients, and a BERT of two layers, dense, with soft and with hard pruning, with exit heads.

    python scripts/make-golden.py        (needs torch and transformers; writes test/golden/problems-golden.json, network-golden.json)

Every text is computed by itself, so there is no padding and no mask here. Parameters come from a generator of three
lines that the tests repeat, and a gradient is kept as its largest value and its products with three vectors of that
generator: files of a few kilobytes instead of all values.
"""
import json, math, os
import torch, torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'test', 'golden')


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


def write(name, content):
    line = lambda key, item: f'{json.dumps(key)}: ' + json.dumps(plain(item), separators=(',', ':'))
    with open(os.path.join(OUT, name), 'w') as file:
        file.write('{\n' + ',\n'.join(line(*entry) for entry in content.items()) + '\n}\n')


# ------------------------------------------------------------------------------------------------ the three problems
def gradient(loss, of): return torch.autograd.grad(loss, of)[0]

stream = Stream(1)
# rows three and four are extreme: softmax, sigmoid and logarithm must not overflow or underflow
logits = torch.cat([stream.take(3, 4) * 6, torch.tensor([[90., -90., 0., 3.], [-120., 120., 119., -1.]])]).requires_grad_()
teacher = torch.cat([stream.take(3, 4) * 6, torch.tensor([[80., -95., 1., 2.], [-100., 118., 120., 0.]])])
weights = torch.tensor([1., 2.5, 0.5, 1., 3.])
classes = torch.tensor([2, 0, 1, 0, 2])
several = torch.tensor([[1., 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 0, 1], [0, 0, 1, 1]])
amounts = stream.take(5, 4) * 10
table = torch.tensor([1., 2.5, 0.5, 4.])
kinds = {}

loss = F.cross_entropy(logits, classes, weight=torch.tensor([2.5, 0.5, 1., 4.]))
kl = F.kl_div(F.log_softmax(logits, -1), F.log_softmax(teacher, -1), log_target=True, reduction='batchmean')
kinds['single_label_classification'] = dict(
    targets=F.one_hot(classes, 4).double(), weights=torch.tensor([2.5, 0.5, 1., 4.])[classes], loss=loss, gradient=gradient(loss, logits),
    distillation=kl, studentGradient=gradient(kl, logits), scores=torch.softmax(logits, -1))

bce = F.binary_cross_entropy_with_logits(logits, several, reduction='none').mean(1)
loss = (weights * bce).sum() / weights.sum()
p, log = torch.sigmoid(teacher), F.logsigmoid
coins = (p * (log(teacher) - log(logits)) + (1 - p) * (log(-teacher) - log(-logits))).sum(1).mean()
kinds['multi_label_classification'] = dict(targets=several, weights=weights, loss=loss, gradient=gradient(loss, logits),
    distillation=coins, studentGradient=gradient(coins, logits), scores=torch.sigmoid(logits))

mse = F.mse_loss(logits, amounts, reduction='none').mean(1)
loss = (weights * mse).sum() / weights.sum()
student = F.mse_loss(logits, teacher)
kinds['regression'] = dict(targets=amounts, weights=weights, loss=loss, gradient=gradient(loss, logits),
    distillation=student, studentGradient=gradient(student, logits), scores=logits)
write('problems-golden.json', dict(logits=logits, teacher=teacher, **kinds))

# ------------------------------------------------------------------------------------------------ the network
sizes = dict(vocab_size=24, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
             max_position_embeddings=12, type_vocab_size=2, layer_norm_eps=1e-12)
V, d, L, h, f, C, E, T, LAMBDA = 24, 16, 2, 2, 32, 3, 8, 5e-3, 0.1
texts = [([2, 5, 6, 7, 8, 9, 3], [0] * 7), ([2, 10, 3], [0] * 3), ([2, 11, 12, 13, 3, 14, 15, 16, 3], [0] * 5 + [1] * 4), ([2, 17, 18, 3, 19, 3], [0] * 4 + [1] * 2)]
labels = torch.tensor([0, 2, 1, 1])

shapes = {}
def linear(name, out, inputs): shapes[f'{name}.weight'] = (out, inputs); shapes[f'{name}.bias'] = (out,)
def norm(name): shapes[f'{name}.weight'] = (d,); shapes[f'{name}.bias'] = (d,)
for name, rows in (('word', V), ('position', 12), ('token_type', 2)): shapes[f'bert.embeddings.{name}_embeddings.weight'] = (rows, d)
norm('bert.embeddings.LayerNorm')
for l in range(L):
    name = f'bert.encoder.layer.{l}'
    for part in ('query', 'key', 'value'): linear(f'{name}.attention.self.{part}', d, d)
    linear(f'{name}.attention.output.dense', d, d); norm(f'{name}.attention.output.LayerNorm')
    linear(f'{name}.intermediate.dense', f, d); linear(f'{name}.output.dense', d, f); norm(f'{name}.output.LayerNorm')
linear('bert.pooler.dense', d, d); linear('classifier', C, d)
stream = Stream(7)
weight = {}
for name, shape in shapes.items():
    base = 1.0 if name.endswith('LayerNorm.weight') else 0.0
    weight[name] = (base + stream.take(*shape)).requires_grad_()
thresholds = torch.tensor([0.105, 0.18]).float().double().requires_grad_()

dense = lambda name, x: F.linear(x, weight[f'{name}.weight'], weight[f'{name}.bias'])
layer_norm = lambda name, x: F.layer_norm(x, (d,), weight[f'{name}.weight'], weight[f'{name}.bias'], 1e-12)

def layer(l, x):
    """output of layer l (0-based) and the importance of each token: attention received, mean over heads and rows"""
    name = f'bert.encoder.layer.{l}'
    heads = lambda part: dense(f'{name}.attention.self.{part}', x).reshape(len(x), h, d // h).transpose(0, 1)
    p = torch.softmax(heads('query') @ heads('key').transpose(1, 2) / math.sqrt(d // h), -1)
    context = (p @ heads('value')).transpose(0, 1).reshape(len(x), d)
    y = layer_norm(f'{name}.attention.output.LayerNorm', dense(f'{name}.attention.output.dense', context) + x)
    out = layer_norm(f'{name}.output.LayerNorm', dense(f'{name}.output.dense', F.gelu(dense(f'{name}.intermediate.dense', y))) + y)
    return out, p.mean((0, 1))

def run(ids, types, mode):
    table = lambda name, index: weight[f'bert.embeddings.{name}_embeddings.weight'][torch.tensor(index)]
    x = layer_norm('bert.embeddings.LayerNorm', table('word', ids) + table('position', list(range(len(ids)))) + table('token_type', types))
    types = torch.tensor(types)
    hidden, kinds, scores, masks = [x], [types], [], []
    for l in range(L):
        x, score = layer(l, x)
        if mode == 'soft':                                                   # rows fade; the first never does
            mask = torch.sigmoid((score - thresholds[l]) / T); mask = torch.cat([torch.ones(1), mask[1:]]); x = x * mask[:, None]; masks.append(mask)
        if mode == 'hard':                                                   # rows leave; the first never does
            keep = score >= thresholds[l].detach(); keep[0] = True; x, types = x[keep], types[keep]
        hidden.append(x); kinds.append(types); scores.append(score)
    return dict(hidden=hidden, types=kinds, scores=scores, masks=masks, logits=dense('classifier', torch.tanh(dense('bert.pooler.dense', x[0]))))

def gradients(loss, names):
    """for each tensor its largest absolute value, and products with three vectors of the generator"""
    found = torch.autograd.grad(loss, list(names.values()), retain_graph=True)
    kept = {}
    for (name, _), value in zip(names.items(), found):
        draws = Stream(3)
        kept[name] = [value.abs().max().item()] + [(value * draws.take(*value.shape)).sum().item() for _ in range(3)]
    return kept

content = dict(config=sizes, labels=labels, texts=[dict(ids=ids, types=types) for ids, types in texts],
               parameters=[[name, list(shape)] for name, shape in shapes.items()], thresholds=thresholds, temperature=T, headWidth=E, headAttentionHeads=2)
content['lambda'] = LAMBDA
batch = lambda runs, key: torch.stack([run[key] for run in runs])
rows = lambda runs, key, l: torch.cat([run[key][l] for run in runs])
for mode in ('dense', 'soft', 'hard'):
    runs = [run(ids, types, mode) for ids, types in texts]
    loss = F.cross_entropy(batch(runs, 'logits'), labels)
    names = dict(weight)
    if mode == 'soft':
        content['soft.share'] = sum(torch.stack([run['masks'][l].mean() for run in runs]).mean() for l in range(L))
        loss = loss + LAMBDA * content['soft.share']; names['pyramid.thresholds'] = thresholds
        for l in range(L): content[f'soft.mask.{l + 1}'] = rows(runs, 'masks', l)
    for l in range(0 if mode == 'dense' else 1, L + 1): content[f'{mode}.hidden.{l}'] = rows(runs, 'hidden', l)
    for l in range(L): content[f'{mode}.score.{l + 1}'] = rows(runs, 'scores', l)
    content[f'{mode}.tokens'] = [[len(x) for x in run['hidden']] for run in runs]
    content[f'{mode}.logits'] = batch(runs, 'logits'); content[f'{mode}.loss'] = loss; content[f'{mode}.gradients'] = gradients(loss, names)
gap = min((score - threshold).abs().min().item() for run in runs for score, threshold in zip(run['scores'], thresholds))
print('tokens', content['hard.tokens'], 'smallest distance of a score to its threshold', gap)
assert gap > 5e-4 and content['hard.tokens'] != content['dense.tokens']

# exit heads of layer 1 on the hard-pruned network, students of its main classifier
def features(run, pairs, aligned=False):
    x, cls, types = run['hidden'][0], run['hidden'][1][0], run['types'][0]
    if not pairs: return torch.cat([cls, x.mean(0)])
    a, b = (x[types == k].sum(0) / max(1, int((types == k).sum())) for k in (0, 1))
    texts = [a, b] if not aligned else lacking(x[1:][types[1:] == 0], x[types == 1])
    return torch.cat([cls, *texts, (a - b).abs(), a * b])

def lacking(a, b):
    """what the words of one text lack in the other, as sum and difference of both directions"""
    m = torch.cat([a, b]).mean(0)
    def distance(x, y):
        if len(x) == 0: return torch.zeros(d)
        mixed = torch.softmax(10 * F.cosine_similarity((x - m)[:, None], (y - m)[None], dim=2), 1) @ y if len(y) else m
        return (x - mixed).abs().mean(0)
    one, other = distance(a, b), distance(b, a)
    return [one + other, one - other]

def two_layers(F_in): return {'dense.weight': (d, F_in), 'dense.bias': (d,), 'out.weight': (C, d), 'out.bias': (C,)}
def self_attention(head, run):
    z = torch.tanh(F.linear(run['hidden'][1], head['proj.weight'], head['proj.bias']))
    split = lambda part: F.linear(z, head[f'{part}.weight'], head[f'{part}.bias']).reshape(len(z), 2, E // 2).transpose(0, 1)
    p = torch.softmax(split('query') @ split('key').transpose(1, 2) / math.sqrt(E // 2), -1)
    first = (p @ split('value')).transpose(0, 1).reshape(len(z), E)[0]
    inner = torch.tanh(F.linear(F.linear(first, head['attn_out.weight'], head['attn_out.bias']), head['dense.weight'], head['dense.bias']))
    return F.linear(inner, head['out.weight'], head['out.bias'])
read = lambda of: lambda head, run: F.linear(torch.tanh(F.linear(of(run), head['dense.weight'], head['dense.bias'])), head['out.weight'], head['out.bias'])
fast = {f'{part}.{kind}': shape for part, out, inputs in [('proj', E, d)] + [(part, E, E) for part in ('query', 'key', 'value', 'attn_out', 'dense')] + [('out', C, E)]
        for kind, shape in (('weight', (out, inputs)), ('bias', (out,)))}
heads = {'cls': (two_layers(d), read(lambda run: run['hidden'][1][0])), 'pooled': (two_layers(2 * d), read(lambda run: features(run, False))),
         'pooled pairs': (two_layers(5 * d), read(lambda run: features(run, True))),
         'aligned': (two_layers(5 * d), read(lambda run: features(run, True, True))), 'fastbert': (fast, self_attention)}
taught = F.log_softmax(batch(runs, 'logits').detach(), -1)
content['heads'] = {}
# what a head of layer 1 reads comes from these
below = {name: value for name, value in weight.items() if name.startswith(('bert.embeddings', 'bert.encoder.layer.0'))}
for kind, (parts, apply) in heads.items():
    stream = Stream(11)
    head = {part: (2 * stream.take(*shape)).requires_grad_() for part, shape in parts.items()}
    out = torch.stack([apply(head, run) for run in runs])
    kl = F.kl_div(F.log_softmax(out, -1), taught, log_target=True, reduction='batchmean')
    content['heads'][kind] = dict(parameters=[[part, list(shape)] for part, shape in parts.items()], logits=out, divergence=kl, gradients=gradients(kl, head),
                                  networkGradients=gradients(kl, below))
write('network-golden.json', content)

# the dense network is Hugging Face's
from transformers import BertConfig, BertForSequenceClassification
model = BertForSequenceClassification(BertConfig(**sizes, num_labels=C, attn_implementation='eager')).double().eval()
model.load_state_dict({**model.state_dict(), **{name: value.detach() for name, value in weight.items()}})
for (ids, types), expected in zip(texts, content['dense.logits']):
    assert torch.allclose(model(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([types])).logits[0], expected, atol=1e-12)
