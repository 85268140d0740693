"""The PyTorch side of bench.mjs: the same batches, padded, eager attention, dropout, clipping and AdamW."""
import json
import sys
import time

import torch
from transformers import BertForSequenceClassification

model_dir, path, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(0)
batches = json.load(open(path))
model = BertForSequenceClassification.from_pretrained(model_dir, num_labels=4, attn_implementation='eager').float().train()
no_decay = lambda name: name.endswith('bias') or 'LayerNorm' in name
groups = [
    dict(params=[p for n, p in model.named_parameters() if not no_decay(n)], weight_decay=0.01),
    dict(params=[p for n, p in model.named_parameters() if no_decay(n)], weight_decay=0.0),
]
optimiser = torch.optim.AdamW(groups, lr=5e-5)


def resident_mib():
    return next(int(line.split()[1]) // 1024 for line in open('/proc/self/status') if line.startswith('VmRSS'))


for line in sys.stdin:
    start, count = map(int, line.split())
    tokens, loss = 0, None
    started = time.time()
    for texts in batches[start : start + count]:
        longest = max(len(t['ids']) for t in texts)
        ids = torch.tensor([t['ids'] + [0] * (longest - len(t['ids'])) for t in texts])
        mask = torch.tensor([[1] * len(t['ids']) + [0] * (longest - len(t['ids'])) for t in texts])
        loss = model(input_ids=ids, attention_mask=mask, labels=torch.tensor([t['label'] for t in texts])).loss
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        tokens += int(mask.sum())
    print(json.dumps(dict(seconds=time.time() - started, tokens=tokens, loss=loss.item(), residentMiB=resident_mib())), flush=True)
