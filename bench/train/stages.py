"""The PyTorch side of stages.mjs: the stages of Magic Pyramid as one would write them there, with masks instead of shorter
sequences (Kim et al. 2022 train LTP so), batches padded to their longest text, heads on cached features. One JSON line a
stage: seconds of training alone; then the main classifier's accuracy and F1 on the test rows."""
import json
import math
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
from transformers import AutoModel

model_dir, path, out_of_args = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
threads, epochs, delta, lam = (out_of_args[key] for key in ('threads', 'epochs', 'delta', 'lambda'))
TEMPERATURE, RATE, HEAD_RATE, THRESHOLD_RATE, BATCH, HEAD_BATCH = 1e-3, 5e-5, 3e-3, 2e-4, 32, 64
torch.set_num_threads(threads)
torch.manual_seed(0)
data = json.load(open(path))
train, test, labels = data['train'], data['test'], data['labels']
generator = torch.Generator().manual_seed(0)


def batches(rows, size, shuffle):
    """Texts of like length together, as in training here."""
    order = torch.randperm(len(rows), generator=generator).tolist() if shuffle else list(range(len(rows)))
    if shuffle:
        chunks = [sorted(order[i : i + size * 20], key=lambda k: len(rows[k]['ids'])) for i in range(0, len(order), size * 20)]
        order = [k for chunk in chunks for k in chunk]
    else:
        order.sort(key=lambda k: len(rows[k]['ids']))
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    if shuffle:
        groups = [groups[i] for i in torch.randperm(len(groups), generator=generator).tolist()]
    for group in groups:
        longest = max(len(rows[k]['ids']) for k in group)
        pad = lambda key: torch.tensor([rows[k][key] + [0] * (longest - len(rows[k]['ids'])) for k in group])
        live = torch.tensor([[1.0] * len(rows[k]['ids']) + [0.0] * (longest - len(rows[k]['ids'])) for k in group])
        yield pad('ids'), pad('types'), live, torch.tensor([rows[k]['label'] for k in group]), group


class Pyramid(nn.Module):
    def __init__(self):
        super().__init__()
        self.bert = AutoModel.from_pretrained(model_dir, attn_implementation='eager').float()
        config = self.bert.config
        self.layers, self.width, self.attention = config.num_hidden_layers, config.hidden_size, config.num_attention_heads
        self.thresholds = nn.Parameter(torch.tensor([delta * (l + 1) / self.layers for l in range(self.layers)]))
        head = lambda: nn.Sequential(nn.Linear(self.width, self.width), nn.Tanh(), nn.Linear(self.width, labels))
        self.heads = nn.ModuleList(head() for _ in range(self.layers))
        self.heads[-1][0].load_state_dict(self.bert.pooler.dense.state_dict())  # as ours starts
        self.dropout = nn.Dropout(0.1)

    def forward(self, ids, types, live, pruning):
        x = self.bert.embeddings(input_ids=ids, token_type_ids=types)
        texts, length = ids.shape
        first, kept = [], []
        for l, layer in enumerate(self.bert.encoder.layer):
            own = layer.attention.self
            split = lambda linear: linear(x).view(texts, length, self.attention, -1).transpose(1, 2)
            q, k, v = split(own.query), split(own.key), split(own.value)
            p = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(q.shape[-1]) + (1 - live)[:, None, None, :] * -1e9, -1)
            count = live.sum(1)
            score = (p * live[:, None, :, None]).sum((1, 2)) / (self.attention * count[:, None])
            context = (own.dropout(p) @ v).transpose(1, 2).reshape(texts, length, self.width)
            inner = layer.attention.output(context, x)
            x = layer.output(layer.intermediate(inner), inner)
            if pruning == 'soft':
                mask = torch.sigmoid((score - self.thresholds[l]) / TEMPERATURE)
                mask = torch.cat([torch.ones_like(mask[:, :1]), mask[:, 1:]], 1)
                x = x * mask[..., None]
                kept.append((mask * live).sum(1) / count)
            elif pruning == 'hard':
                keep = (score >= self.thresholds[l]).float()
                keep[:, 0] = 1
                live = live * keep
            first.append(x[:, 0])
        return first, kept


model = Pyramid()


def stage(name, rounds, pruning):
    early = tuple(f'heads.{l}.' for l in range(model.layers - 1))
    trained = {n: p for n, p in model.named_parameters() if n != 'thresholds' and not n.startswith(early)}
    spared = lambda name: name.endswith('bias') or 'LayerNorm' in name
    weights = list(trained.values())
    groups = [
        dict(params=[p for n, p in trained.items() if not spared(n)], lr=RATE),
        dict(params=[p for n, p in trained.items() if spared(n)], lr=RATE, weight_decay=0),
    ]
    if pruning == 'soft':
        groups.append(dict(params=[model.thresholds], lr=THRESHOLD_RATE, weight_decay=0))
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    steps = rounds * math.ceil(len(train) / BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda i: min(1, (i + 1) / (0.1 * steps)) * max(0, 1 - i / steps))
    model.train()
    begin = time.time()
    for _ in range(rounds):
        for ids, types, live, target, _ in batches(train, BATCH, True):
            first, kept = model(ids, types, live, pruning)
            loss = F.cross_entropy(model.heads[-1](model.dropout(first[-1])), target)
            if kept:
                loss = loss + lam * sum(share.mean() for share in kept)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(weights, 1.0)
            optimiser.step()
            schedule.step()
    print(json.dumps(dict(stage=name, seconds=time.time() - begin, **judge('hard' if pruning else None))), flush=True)


def heads_stage(rounds):
    begin = time.time()
    model.eval()
    features = [[None] * len(train) for _ in range(model.layers)]
    with torch.no_grad():
        for ids, types, live, _, group in batches(train, HEAD_BATCH, False):
            for l, rows in enumerate(model(ids, types, live, 'hard')[0]):
                for j, k in enumerate(group):
                    features[l][k] = rows[j]
        features = [torch.stack(rows) for rows in features]
        teacher = F.log_softmax(model.heads[-1](features[-1]), -1)
    early = model.heads[:-1]
    for head in early:
        head.load_state_dict(model.heads[-1].state_dict())
    optimiser = torch.optim.AdamW(early.parameters(), lr=HEAD_RATE, weight_decay=0.01)
    model.train()
    steps, i = rounds * math.ceil(len(train) / HEAD_BATCH), 0
    for _ in range(rounds):
        for rows in torch.randperm(len(train), generator=generator).split(HEAD_BATCH):
            loss = sum(F.kl_div(F.log_softmax(head(model.dropout(features[l][rows])), -1), teacher[rows], log_target=True, reduction='batchmean') for l, head in enumerate(early))
            optimiser.zero_grad()
            loss.backward()
            for group in optimiser.param_groups:
                group['lr'] = HEAD_RATE * (1 - i / steps)
            optimiser.step()
            i += 1
    print(json.dumps(dict(stage='heads', seconds=time.time() - begin)), flush=True)


def judge(pruning):
    model.eval()
    right, hits, said, true = 0, 0, 0, 0
    with torch.no_grad():
        for ids, types, live, target, _ in batches(test, 64, False):
            guess = model.heads[-1](model(ids, types, live, pruning)[0][-1]).argmax(-1)
            right += int((guess == target).sum())
            hits += int(((guess == 1) & (target == 1)).sum())
            said += int((guess == 1).sum())
            true += int((target == 1).sum())
    return dict(accuracy=right / len(test), f1=2 * hits / (said + true) if labels == 2 else None)


if epochs['regular'] > 0:
    stage('regular', epochs['regular'], None)
if epochs['soft'] > 0:
    stage('soft', epochs['soft'], 'soft')
if epochs['hard'] > 0:
    stage('hard', epochs['hard'], 'hard')
if epochs['heads'] > 0:
    heads_stage(epochs['heads'])
