"""Token ids by Hugging Face transformers for the kinds of tokenizers beside BERT's, for test/text/tokenizer-kinds.test.ts.

Run once with each version, then put the two together; 4.57.6 and 5.24.0 made the file:
  python4 scripts/make_tokenizer_kinds_golden.py made-4.json
  python5 scripts/make_tokenizer_kinds_golden.py made-5.json
  python5 scripts/make_tokenizer_kinds_golden.py --merge made-4.json made-5.json test/text/tokenizer-kinds-golden.json.gz
More, by chance: --seed N --texts T.

A folder has ids where both versions give the same; where they differ it is to be refused.
"""
import argparse, copy, gzip, json, os, random, tempfile

from make_tokenizer_options_golden import ADDED, BERT_NORM, BERT_PRE, ids_of, sequence, splits, texts_of, token, vocabulary

FLAT = ['<s>', '<pad>', '</s>', '<unk>']  # RoBERTa's order; <mask> comes last
NAMES = dict(bos_token='<s>', eos_token='</s>', sep_token='</s>', cls_token='<s>', pad_token='<pad>', unk_token='<unk>', mask_token='<mask>')
TOKENS = ['<mask>', ' <mask> ', '<s>a</s>', 'x<mask>y', '<MASK>', '<pad> <unk>', '[UNK]', 'a</s></s>b']


def roberta_post(cls=0, sep=2):
    return dict(type='RobertaProcessing', sep=['</s>', sep], cls=['<s>', cls], trim_offsets=True, add_prefix_space=False)


def listed(vocab, specials, mask='_l__!', added=()):
    """The list of tokenizer.json."""
    some = [(c, '____!') for c in specials] + [('<mask>', mask)]
    return [dict(id=vocab.index(c), **token(c, f)) for c, f in some] + [dict(id=len(vocab) + i, **token(c, f)) for i, (c, f) in enumerate(added)]


def described(tokens):
    """The same for tokenizer_config.json."""
    return {str(t['id']): {k: v for k, v in t.items() if k != 'id'} for t in tokens}


def mpnet_folders(vocab):
    names = dict(NAMES, unk_token='[UNK]')
    special = ['<s>', '<pad>', '</s>', '[UNK]']

    def folder(norm=BERT_NORM, post=None, added=(), decoder=None, tokens=None, cls='MPNetTokenizer', mask='_l__!', model=None, **more):
        tokens = tokens if tokens is not None else listed(vocab, special, mask, added)
        model = dict(dict(type='WordPiece', unk_token='[UNK]', continuing_subword_prefix='##', max_input_chars_per_word=100, vocab=None), **(model or {}))
        t = dict(version='1.0', truncation=None, padding=None, added_tokens=tokens, normalizer=norm, pre_tokenizer=BERT_PRE, post_processor=post or roberta_post(), decoder=dict(type='WordPiece', prefix='##', cleanup=True), model=model)
        config = dict(tokenizer_class=cls, **names, **more)
        if decoder is not None:
            config['added_tokens_decoder'] = decoder
        return {'tokenizer.json': t, 'tokenizer_config.json': config}

    as_map = {'special_tokens_map.json': dict(names, mask_token=dict(content='<mask>', single_word=False, lstrip=True, rstrip=False, normalized=False))}
    template = dict(type='TemplateProcessing', single=[{'SpecialToken': {'id': '<s>', 'type_id': 0}}, {'Sequence': {'id': 'A', 'type_id': 0}}, {'SpecialToken': {'id': '</s>', 'type_id': 0}}], special_tokens={c: dict(id=c, ids=[i], tokens=[c]) for c, i in (('<s>', 0), ('</s>', 2))})
    template['pair'] = template['single'] + [{'SpecialToken': {'id': '</s>', 'type_id': 0}}, {'Sequence': {'id': 'B', 'type_id': 0}}, {'SpecialToken': {'id': '</s>', 'type_id': 0}}]
    whole = listed(vocab, special)
    yes = {
        'as published': {**folder(do_lower_case=True, tokenize_chinese_chars=True, strip_accents=None), **as_map},
        'as saved by version 4': folder(decoder=described(whole)),
        'a template in place of RobertaProcessing': folder(post=template),
        'BERT’s template': folder(post=dict(type='BertProcessing', sep=['</s>', 2], cls=['<s>', 0])),
        'cased': folder(norm=dict(BERT_NORM, lowercase=False), do_lower_case=False),
        'cased by the configuration alone': folder(do_lower_case=False),
        'accents kept': folder(norm=dict(BERT_NORM, strip_accents=False), strip_accents=False),
        'ideographs together': folder(norm=dict(BERT_NORM, handle_chinese_chars=False), tokenize_chinese_chars=False),
        'the class with Fast': folder(cls='MPNetTokenizerFast'),
        'the mask strips nothing': folder(mask='____!'),
        'a special token that no list has': folder(tokens=listed(vocab, special[:3])),
        'short words': folder(model=dict(max_input_chars_per_word=3)),
        'general class': folder(cls='PreTrainedTokenizerFast'),
    }
    for name, some in (('first', ADDED[:7]), ('middle', ADDED[7:14]), ('last', ADDED[14:])):
        yes[f'added {name}'] = folder(added=some)
        yes[f'added {name}, described'] = folder(added=some, decoder=described(listed(vocab, special, added=some)))
    return yes


def mpnet(texts):
    pieces = [p for p in vocabulary(texts) if p not in ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')]
    vocab = FLAT + ['[UNK]'] + [p for p in pieces if p not in FLAT] + ['<mask>']
    return {p: i for i, p in enumerate(vocab)}, mpnet_folders(vocab)


KINDS = dict(mpnet=mpnet)
MODEL_TYPES = dict(mpnet='mpnet')


def written(folder, files, model, model_type):
    for name, content in files.items():
        if name == 'tokenizer.json':
            content = copy.deepcopy(content)
            content['model'].update(model)
        open(os.path.join(folder, name), 'w', encoding='utf-8', newline='').write(json.dumps(content))
    json.dump(dict(model_type=model_type), open(os.path.join(folder, 'config.json'), 'w'))


def make(args):
    import transformers
    from transformers import AutoTokenizer
    transformers.logging.set_verbosity_error()
    rng = random.Random(args.seed)
    texts = texts_of(rng, args.texts - len(TOKENS)) + TOKENS
    pairs = [[rng.randrange(len(texts)), rng.randrange(len(texts)), rng.choice([5, 8, 12, 20])] for _ in range(40)]
    kinds = {}
    for kind, of in KINDS.items():
        vocab, folders = of(texts)
        model = dict(vocab=vocab)
        made = []
        for name, files in folders.items():
            with tempfile.TemporaryDirectory() as d:
                written(d, files, model, MODEL_TYPES[kind])
                result = dict(name=name, files=files)
                try:
                    t = AutoTokenizer.from_pretrained(d)
                    result['ids'] = [t(x)['input_ids'] for x in texts]
                    result['pairs'] = [t(texts[a], texts[b] or None, truncation=True, max_length=n)['input_ids'] for a, b, n in pairs]
                except BaseException as e:
                    result['error'] = f'{type(e).__name__}: {e}'[:200]
                made.append(result)
        kinds[kind] = dict(model=model, folders=made)
        print(transformers.__version__, kind, len(made), 'folders', len(texts), 'texts', len(vocab), 'pieces', [(m['name'], m['error']) for m in made if 'error' in m])
    json.dump(dict(version=transformers.__version__, texts=texts, pairs=pairs, kinds=kinds), open(args.out, 'w'))


def merge(four, five, out):
    a, b = json.load(open(four)), json.load(open(five))
    kinds = {}
    for kind in a['kinds']:
        folders = []
        for x, y in zip(a['kinds'][kind]['folders'], b['kinds'][kind]['folders']):
            entry = dict(name=x['name'], files=x['files'])
            if 'error' not in x and 'error' not in y and (x['ids'], x['pairs']) == (y['ids'], y['pairs']):
                entry.update(ids=x['ids'], pairs=x['pairs'])
            folders.append(entry)
        kinds[kind] = dict(model=a['kinds'][kind]['model'], folders=folders)
        print(kind, len(folders), 'folders; differing:', [f['name'] for f in folders if 'ids' not in f])
    made = dict(versions=[a['version'], b['version']], texts=a['texts'], pairs=a['pairs'], kinds=kinds)
    with open(out, 'wb') as f, gzip.GzipFile(fileobj=f, mode='wb', mtime=0, filename='') as g:
        g.write(json.dumps(made, separators=(',', ':')).encode())


if __name__ == '__main__':
    p = argparse.ArgumentParser()
    p.add_argument('out', nargs='?')
    p.add_argument('--merge', nargs=3)
    p.add_argument('--seed', type=int, default=16)
    p.add_argument('--texts', type=int, default=308)
    args = p.parse_args()
    merge(*args.merge) if args.merge else make(args)
