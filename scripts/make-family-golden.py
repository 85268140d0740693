"""Reference values for the test suite: a tiny classifier of each family as Hugging Face transformers has it, in float64:
its config.json, the names and shapes of its tensors, and its logits for a few texts (families-golden.json); and beside
those, dense, with soft and with hard pruning, hidden states, importance, logits, loss and gradients, and what three steps of
AdamW leave (families-network-golden.json).

    python scripts/make-family-golden.py                (needs torch and transformers; writes both files under test/golden)
    python scripts/make-family-golden.py FOLDER …       (prints what a model folder that we wrote answers, and what of it does not fit)

Parameters come from the generator of make-golden.py, in the order of the file, so that they need not be stored; a gradient is
kept as there, as its largest value and its products with three vectors of the generator, and so are hidden states. Pruning is put into transformers'
own network from outside: each layer's softmax tells the importance and hides removed keys, each layer's output is gated. Where
norms stand before (ModernBERT), a gate fades the row's update and, from the next layer on, what others see of it.
"""
import json, math, os, sys
import torch, torch.nn.functional as F
from transformers import AutoModelForSequenceClassification, BertConfig, DebertaV2Config, DistilBertConfig, ElectraConfig, ModernBertConfig, MPNetConfig, RobertaConfig, XLMRobertaConfig

torch.set_num_threads(1)
OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'test', 'golden')
TEXTS = [([2, 5, 6, 7, 8, 9, 3], [0] * 7), ([2, 10, 3], [0] * 3),
         ([2, 11, 12, 13, 3, 14, 15, 16, 3], [0] * 5 + [1] * 4), ([2, 17, 18, 3, 19, 3], [0] * 4 + [1] * 2)]
LONG = ([2, *(4 + (7 * i) % 20 for i in range(30)), 3], [0] * 32)                    # distances of many kinds
LABELS = torch.tensor([0, 2, 1, 1, 2])
TEMPERATURE, LAMBDA = 5e-3, 0.1
ADAMW = dict(steps=3, lr=1e-3, weight_decay=0.1, clip=1.0)


class Stream:
    """x <- 1664525 x + 1013904223 mod 2^32; its upper 24 bits as a number in [-1/2, 1/2), exact in float32."""
    def __init__(self, seed): self.x = seed
    def take(self, *shape):
        values = []
        for _ in range(math.prod(shape)):
            self.x = (1664525 * self.x + 1013904223) % 2 ** 32
            values.append((self.x >> 8) / 2 ** 24 - 0.5)
        return torch.tensor(values, dtype=torch.float64).reshape(shape)


def has_types(config): return config.model_type in ('bert', 'electra')
def texts_of(config): return TEXTS if config.model_type in ('bert', 'distilbert') else [*TEXTS, LONG]
def given(config, ids, types): return dict(input_ids=torch.tensor([ids]), **(dict(token_type_ids=torch.tensor([types])) if has_types(config) else {}))
def plain(value):
    if isinstance(value, torch.Tensor): return plain(value.detach().tolist())
    if isinstance(value, (list, tuple)): return [plain(item) for item in value]
    return float(f'{value:.9g}') if isinstance(value, float) else value


def logits(model, texts=None):
    with torch.no_grad(): return [plain(model(**given(model.config, *text)).logits[0]) for text in texts or texts_of(model.config)]


if len(sys.argv) > 1:
    for folder in sys.argv[1:]:
        model, info = AutoModelForSequenceClassification.from_pretrained(folder, output_loading_info=True)
        print(json.dumps(dict(folder=folder, model=type(model).__name__, labels=model.config.id2label, logits=logits(model.double().eval(), TEXTS),
                              **{kind: sorted(map(str, info[kind])) for kind in ('missing_keys', 'unexpected_keys', 'mismatched_keys')})))
    sys.exit()


def layers_of(model):
    base = model.base_model
    return getattr(base, 'layers', None) or getattr(base, 'transformer', getattr(base, 'encoder', None)).layer


def run(model, ids, types, mode, thresholds):
    """One text: hidden states, importance and masks by layer, which tokens are left, and logits."""
    layers, found = layers_of(model), dict(hidden=[], scores=[], masks=[], kept=[list(range(len(ids)))])
    before_norms = model.config.model_type == 'modernbert'
    whole = torch.ones(len(ids), dtype=torch.float64)
    presence = lambda: found['masks'][-1] if before_norms and found['masks'] else whole
    def softmax(x, dim=-1, **_):
        if x.dim() != 4: return own(x, dim=dim)
        live, layer = found['kept'][-1], len(found['scores'])
        hidden = torch.full((len(ids),), -math.inf, dtype=x.dtype); hidden[live] = torch.log(presence()[live] + 1e-30)
        p, weight = own(x + hidden, dim=-1), presence()[live]
        received = p[0][:, live][:, :, live]
        score = (received * weight[:, None]).mean(0).sum(0) / weight.sum() if before_norms else received.mean((0, 1))
        found['scores'].append(score)
        if mode == 'hard': found['kept'].append([i for i, s in zip(live, score.tolist()) if i == 0 or s >= thresholds[layer].item()])
        if mode == 'soft':
            mask = torch.sigmoid((score - thresholds[layer]) / TEMPERATURE)
            found['masks'].append(torch.cat([torch.ones(1, dtype=x.dtype), mask[1:]]) * presence())
        return p
    def after(module, args, output):
        x = output[0] if isinstance(output, tuple) else output
        if mode == 'soft': x = args[0] + (x - args[0]) * found['masks'][-1][:, None] if before_norms else x * found['masks'][-1][:, None]
        found['hidden'].append(x[0][found['kept'][-1]])
        return (x, *output[1:]) if isinstance(output, tuple) else x
    def before(module, args, kwargs): found['hidden'].append((args[0] if args else kwargs['hidden_states'])[0])
    hooks = [layers[0].register_forward_pre_hook(before, with_kwargs=True)] + [layer.register_forward_hook(after) for layer in layers]
    own, F.softmax = F.softmax, softmax
    try:
        if not before_norms: found['logits'] = model(**given(model.config, ids, types)).logits[0]
        else:
            rows, weight = model.model(**given(model.config, ids, types)).last_hidden_state[0], presence() if mode == 'soft' else torch.zeros(len(ids), dtype=torch.float64)
            if mode != 'soft': weight[found['kept'][-1]] = 1
            row = rows[0] if model.config.classifier_pooling == 'cls' else (rows * weight[:, None]).sum(0) / weight.sum()
            found['logits'] = model.classifier(model.head(row))
    finally:
        F.softmax = own
        for hook in hooks: hook.remove()
    return found


def thresholds_for(model):
    """Of each layer in turn: in the middle of the widest gap among the scores (of the first, the longest text's), so that some tokens leave and some stay."""
    chosen = []
    for layer in range(len(layers_of(model))):
        scores = []
        for ids, types in texts_of(model.config) if layer else [max(texts_of(model.config), key=lambda text: len(text[0]))]:
            found = run(model, ids, types, 'hard', torch.tensor(chosen + [0.0] * (len(layers_of(model)) - layer)))
            scores += [s for i, s in zip(found['kept'][layer], found['scores'][layer].tolist()) if i > 0]
        scores.sort(); some = scores[len(scores) // 5: len(scores) * 3 // 5]
        at = max(range(1, len(some)), key=lambda i: some[i] - some[i - 1])
        chosen.append(torch.tensor((some[at] + some[at - 1]) / 2).float().item())
    return torch.tensor(chosen, dtype=torch.float64, requires_grad=True)


def products(value):
    draws = Stream(3)
    return plain([value.abs().max().item()] + [(value * draws.take(*value.shape)).sum().item() for _ in range(3)])


def loss_of(model, mode, thresholds):
    texts = texts_of(model.config)
    runs = [run(model, ids, types, mode, thresholds) for ids, types in texts]
    loss = F.cross_entropy(torch.stack([found['logits'] for found in runs]), LABELS[:len(texts)])
    if mode == 'soft': loss = loss + LAMBDA * sum(torch.stack([found['masks'][l].mean() for found in runs]).mean() for l in range(len(thresholds)))
    return loss, runs


def distance_buckets(buckets, span):
    from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position
    at = torch.arange(-600, 601)
    found = make_log_bucket_position(at, buckets, span).long().tolist()
    return dict(buckets=buckets, span=span, begins=[[distance, bucket] for i, (distance, bucket) in enumerate(zip(at.tolist(), found)) if i == 0 or bucket != found[i - 1]])


def network(model):
    thresholds = thresholds_for(model)
    parameters = dict(model.named_parameters())
    content = dict(thresholds=plain(thresholds), temperature=TEMPERATURE, labels=LABELS[:len(texts_of(model.config))].tolist(), **{'lambda': LAMBDA}, adamw=ADAMW)
    if hasattr(model.base_model.encoder if hasattr(model.base_model, 'encoder') else None, 'relative_position_bucket'):
        of = lambda distance: model.base_model.encoder.relative_position_bucket(torch.tensor([distance])).item()
        content['buckets'] = [[at, of(at)] for at in range(-600, 601) if at == -600 or of(at) != of(at - 1)]    # where another begins
    if model.config.model_type == 'deberta-v2': content['distance_buckets'] = [distance_buckets(*sizes) for sizes in ((model.config.position_buckets, model.config.max_relative_positions), (256, 512))]
    for mode in ('dense', 'soft', 'hard'):
        names = {**parameters, **({'pyramid.thresholds': thresholds} if mode == 'soft' else {})}
        loss, runs = loss_of(model, mode, thresholds)
        gradients = torch.autograd.grad(loss, list(names.values()))
        rows = lambda key, l: plain(torch.cat([found[key][l] for found in runs]))
        content[mode] = dict(hidden=[products(torch.cat([found['hidden'][l] for found in runs])) for l in range(len(thresholds) + 1)], scores=[rows('scores', l) for l in range(len(thresholds))],
                             lengths=[[len(kept) for kept in found['kept']] for found in runs], logits=[plain(found['logits']) for found in runs], loss=plain(loss),
                             gradients={name: products(value) for name, value in zip(names, gradients)})
    decays = lambda name: 'bias' not in name and 'norm' not in name.lower().replace('_', '')                # as transformers' Trainer
    before = {name: value.detach().clone() for name, value in parameters.items()}
    groups = [dict(params=[value for name, value in parameters.items() if decays(name) == kind], weight_decay=ADAMW['weight_decay'] * kind) for kind in (True, False)]
    optimiser = torch.optim.AdamW(groups, lr=ADAMW['lr'])
    content['adamw'] = dict(ADAMW, losses=[], norms=[])
    for _ in range(ADAMW['steps']):
        optimiser.zero_grad()
        loss, _ = loss_of(model, 'dense', thresholds)
        loss.backward()
        content['adamw']['losses'].append(plain(loss)); content['adamw']['norms'].append(plain(torch.nn.utils.clip_grad_norm_(parameters.values(), ADAMW['clip'])))
        optimiser.step()
    content['adamw']['moved'] = {name: products((value.detach() - before[name]) / ADAMW['lr']) for name, value in parameters.items()}
    return content


names = dict(id2label={0: 'a', 1: 'b', 2: 'c'}, label2id=dict(a=0, b=1, c=2))
sizes = dict(vocab_size=24, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, **names)
modern = {**sizes, **dict(num_hidden_layers=3, layer_types=['full_attention', 'sliding_attention', 'full_attention'], local_attention=16, max_position_embeddings=40,
                          pad_token_id=0, bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3)}
configs = [
    BertConfig(max_position_embeddings=12, **sizes),
    DistilBertConfig(vocab_size=24, dim=16, n_layers=2, n_heads=2, hidden_dim=32, max_position_embeddings=12, sinusoidal_pos_embds=True, **names),
    ElectraConfig(embedding_size=8, max_position_embeddings=40, **sizes),
    MPNetConfig(max_position_embeddings=42, **sizes),
    RobertaConfig(max_position_embeddings=42, type_vocab_size=1, **sizes),
    XLMRobertaConfig(max_position_embeddings=41, type_vocab_size=1, pad_token_id=0, **sizes),
    ModernBertConfig(**modern),
    # distances of several kinds: of their own, in logarithmic buckets, beyond the last row
    DebertaV2Config(**{**sizes, **dict(num_hidden_layers=3)}, max_position_embeddings=40, type_vocab_size=0, relative_attention=True, position_buckets=8, max_relative_positions=24, norm_rel_ebd='layer_norm',
                    share_att_key=True, pos_att_type=['p2c', 'c2p'], position_biased_input=False, pooler_dropout=0.2, cls_dropout=0.15),
    ModernBertConfig(**modern, classifier_pooling='mean', norm_bias=True, attention_bias=True, mlp_bias=True, classifier_bias=True),
]
content, networks = {}, {}
for config in configs:
    config._attn_implementation = 'eager'
    model = AutoModelForSequenceClassification.from_config(config).double().eval()
    stream, weights = Stream(7), {}
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            base = 1.0 if name.lower().replace('_', '').endswith('norm.weight') else 0.0
            weights[name] = base + stream.take(*value.shape)
    model.load_state_dict({**model.state_dict(), **weights})
    said = {key: value for key, value in model.config.to_dict().items() if value is not None}
    key = config.model_type if config.model_type not in content else f'{config.model_type}-{config.classifier_pooling}'
    content[key] = dict(config={**said, 'architectures': [type(model).__name__]}, tensors=[[name, list(value.shape)] for name, value in weights.items()],
                                      texts=[dict(ids=ids, types=types) for ids, types in texts_of(config)], logits=logits(model))
    networks[key] = network(model)
for name, values in (('families-golden.json', content), ('families-network-golden.json', networks)):
    with open(os.path.join(OUT, name), 'w') as file:
        file.write('{\n' + ',\n'.join(f'{json.dumps(key)}: {json.dumps(value)}' for key, value in values.items()) + '\n}\n')
