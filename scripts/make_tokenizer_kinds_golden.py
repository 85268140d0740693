"""Token ids by Hugging Face transformers for the kinds of tokenizers beside BERT's, for test/text/tokenizer-kinds.test.ts.

Train the small models, run once with each version, then put the two together; 4.57.6 and 5.24.0 made the file:
  python5 scripts/make_tokenizer_kinds_golden.py --train models.json       (needs sentencepiece and protobuf, for its table of normal forms)
  python4 scripts/make_tokenizer_kinds_golden.py --models models.json made-4.json
  python5 scripts/make_tokenizer_kinds_golden.py --models models.json made-5.json
  python5 scripts/make_tokenizer_kinds_golden.py --merge made-4.json made-5.json test/text/tokenizer-kinds-golden.json.gz
More, by chance: --seed N --texts T.

A folder has ids where both versions give the same; where they differ it is to be refused.
"""
import argparse, copy, gzip, json, os, random, tempfile

from make_tokenizer_options_golden import ADDED, BERT_NORM, BERT_PRE, SENTENCES, sequence, splits, texts_of, token, vocabulary

FLAT = ['<s>', '<pad>', '</s>', '<unk>']  # RoBERTa's order; <mask> comes last
NAMES = dict(bos_token='<s>', eos_token='</s>', sep_token='</s>', cls_token='<s>', pad_token='<pad>', unk_token='<unk>', mask_token='<mask>')
DEBERTA = ['[PAD]', '[CLS]', '[SEP]', '[UNK]']
DEBERTA_NAMES = dict(bos_token='[CLS]', eos_token='[SEP]', sep_token='[SEP]', cls_token='[CLS]', pad_token='[PAD]', unk_token='[UNK]', mask_token='[MASK]')
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



GENERAL = 'PreTrainedTokenizerFast'
BYTE_LEVEL = dict(type='ByteLevel', add_prefix_space=False, trim_offsets=True, use_regex=True)
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
BLANKS = [('  ', '___n_'), ('   ', '___n_'), ('|||EMAIL|||', '___n_'), ('<|padding|>', '____!')]


def template(pair_types=0, cls=('<s>', 0), sep=('</s>', 2), twice=True):
    at = lambda n, t=0: {'SpecialToken': {'id': n[0], 'type_id': t}}
    single = [at(cls), {'Sequence': {'id': 'A', 'type_id': 0}}, at(sep)]
    pair = single + ([at(sep)] if twice else []) + [{'Sequence': {'id': 'B', 'type_id': pair_types}}, at(sep, pair_types)]
    return dict(type='TemplateProcessing', single=single, pair=pair, special_tokens={n: dict(id=n, ids=[i], tokens=[n]) for n, i in (cls, sep)})


def whole(tokens, pre, norm, post, decoder, model, names=NAMES, cls=None, described_too=False, extra=None, **config):
    t = dict(version='1.0', truncation=None, padding=None, added_tokens=tokens, normalizer=norm, pre_tokenizer=pre, post_processor=post, decoder=decoder, model=model)
    c = dict(**names, **config)
    if cls:
        c['tokenizer_class'] = cls
    if described_too:
        c['added_tokens_decoder'] = described(tokens)
    return {'tokenizer.json': t, 'tokenizer_config.json': c, **(extra or {})}


def byte_level(texts, model):
    vocab = sorted(model['vocab'], key=model['vocab'].get)
    plain = dict(type='BPE', dropout=None, unk_token=None, continuing_subword_prefix='', end_of_word_suffix='', fuse_unk=False)

    def folder(pre=BYTE_LEVEL, norm=None, post=None, added=(), cls='RobertaTokenizer', mask='_l__!', flags=None, **more):
        return whole(listed(vocab, FLAT, mask, added), pre, norm, post or roberta_post(), dict(BYTE_LEVEL, add_prefix_space=True), dict(plain, **(flags or {})), cls=cls, **more)

    prefix = dict(BYTE_LEVEL, add_prefix_space=True)
    split = dict(type='Split', pattern={'Regex': GPT2}, behavior='Isolated', invert=False)
    no_regex = dict(BYTE_LEVEL, use_regex=False)
    pres = lambda *steps: splits(list(steps))
    yes = {
        'as published': folder(cls=None, extra={'special_tokens_map.json': dict(NAMES, mask_token=dict(content='<mask>', single_word=False, lstrip=True, rstrip=False, normalized=False))}),
        'as published, without names': whole(listed(vocab, FLAT), BYTE_LEVEL, None, roberta_post(), dict(BYTE_LEVEL, add_prefix_space=True), plain, names={}, model_max_length=512),
        'as saved by version 4': folder(described_too=True, add_prefix_space=False, errors='replace', trim_offsets=True),
        'the class with Fast': folder(cls='RobertaTokenizerFast'),
        'merges as lines': folder(flags=dict(merges='lines')),
        'merges as lines, general class': folder(flags=dict(merges='lines'), cls=GENERAL),
        'a blank before each text': folder(pre=prefix, add_prefix_space=True, described_too=True),
        'a blank before each text by the configuration alone': folder(add_prefix_space=True),
        'a blank before each text by the file alone': folder(pre=prefix),
        'a template in place of RobertaProcessing': folder(post=template()),
        'the mask strips nothing': folder(mask='____!', described_too=True),
        'another normalizer': folder(norm={'type': 'NFC'}),
        'an unknown token in the model': folder(flags=dict(unk_token='<unk>')),
        'no expression': folder(pre=no_regex),
        'whole words first': folder(flags=dict(ignore_merges=True)),
        'general class': folder(cls=GENERAL),
        'general class, a blank before each text': folder(pre=prefix, cls=GENERAL),
        'general class, a blank before each text by both': folder(pre=prefix, cls=GENERAL, add_prefix_space=True),
        'general class, whole words first': folder(cls=GENERAL, flags=dict(ignore_merges=True)),
        'general class, no expression': folder(pre=no_regex, cls=GENERAL),
        'general class, the expression by itself': folder(pre=pres(split, no_regex), cls=GENERAL),
        'general class, digits first': folder(pre=pres(dict(type='Digits', individual_digits=True), BYTE_LEVEL), cls=GENERAL),
        'general class, lower case': folder(norm=sequence([{'type': 'NFKC'}, {'type': 'Lowercase'}]), cls=GENERAL),
        'ModernBERT': folder(norm={'type': 'NFC'}, post=template(0, ('<s>', 0), ('</s>', 2), False), added=BLANKS, cls=GENERAL, described_too=True, clean_up_tokenization_spaces=True, model_input_names=['input_ids', 'attention_mask']),
        'characters': folder(pre=None, cls=GENERAL, flags=dict(unk_token='<unk>')),
        'characters, unknown ones together': folder(pre=None, cls=GENERAL, flags=dict(unk_token='<unk>', fuse_unk=True)),
        'characters, no unknown token': folder(pre={'type': 'WhitespaceSplit'}, cls=GENERAL),
        'characters, blanks marked': folder(norm={'type': 'Replace', 'pattern': {'String': ' '}, 'content': 'Ġ'}, pre=dict(type='Split', pattern={'String': ' '}, behavior='MergedWithPrevious', invert=False), cls=GENERAL, flags=dict(unk_token='<unk>', fuse_unk=True, byte_fallback=True)),
        **{f'characters, parted {b}': folder(pre=dict(type='Split', pattern={'String': 'an'}, behavior=b, invert=False), cls=GENERAL, flags=dict(unk_token='<unk>')) for b in ('Isolated', 'Removed', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous')},
    }
    for name, some in (('first', ADDED[:7]), ('middle', ADDED[7:14]), ('last', ADDED[14:])):
        yes[f'added {name}'] = folder(added=some, described_too=True)
        yes[f'added {name}, listed'] = folder(added=some)
        yes[f'added {name}, general class, a blank before each text'] = folder(pre=prefix, norm={'type': 'NFC'}, added=some, cls=GENERAL, described_too=True, add_prefix_space=True)
    return yes


def unigram(texts, model):
    vocab = [piece for piece, _ in model['vocab']]
    table = dict(type='Precompiled', precompiled_charsmap=None)  # the table is put in where the test reads it
    plain = dict(type='Unigram', unk_id=3)
    meta = dict(type='Metaspace', replacement='▁', prepend_scheme='always', split=True)
    old = dict(type='Metaspace', replacement='▁', add_prefix_space=True)
    words = lambda m: splits([{'type': 'WhitespaceSplit'}, m])
    blanks = lambda to: dict(type='Replace', pattern={'Regex': ' {2,}'}, content=to)
    strip = lambda left, right: dict(type='Strip', strip_left=left, strip_right=right)
    replace = lambda a, b: dict(type='Replace', pattern={'String': a}, content=b)

    def folder(pre=None, norm=table, post=None, added=(), cls='XLMRobertaTokenizer', mask='_l__!', flags=None, **more):
        return whole(listed(vocab, FLAT, mask, added), pre or words(meta), norm, post or template(), dict(type='Metaspace', replacement='▁', prepend_scheme='always', split=True), dict(plain, **(flags or {})), cls=cls, **more)

    yes = {
        'as published': folder(pre=words(old), cls=None),
        'as saved by version 4': folder(described_too=True),
        'the class with Fast': folder(cls='XLMRobertaTokenizerFast'),
        'blanks made one': folder(norm=sequence([table, blanks(' ')])),
        'as version 4 converts it': folder(pre=meta, norm=sequence([table, strip(False, True), blanks('▁')])),
        'no table': folder(norm=None),
        'RobertaProcessing': folder(post=roberta_post()),
        'another unknown piece': folder(flags=dict(unk_id=2)),
        'bytes': folder(flags=dict(byte_fallback=True)),
        'no mark before words': folder(pre=words(dict(meta, prepend_scheme='never'))),
        'general class': folder(cls=GENERAL),
        'general class, as version 4 converts it': folder(pre=meta, norm=sequence([table, strip(False, True), blanks('▁')]), cls=GENERAL),
        'DeBERTa': folder(pre=meta, norm=sequence([strip(True, True), table, blanks(' ')]), cls=GENERAL),
        'ALBERT': folder(pre=meta, norm=sequence([replace('``', '"'), replace("''", '"'), {'type': 'NFKD'}, {'type': 'StripAccents'}, {'type': 'Lowercase'}, table, blanks(' ')]), cls=GENERAL),
        'general class, the mark alone': folder(pre=meta, cls=GENERAL),
        'general class, no words': folder(pre=dict(meta, split=False), cls=GENERAL),
        'general class, no mark before words': folder(pre=dict(meta, prepend_scheme='never'), cls=GENERAL),
        'general class, words without marks': folder(pre={'type': 'WhitespaceSplit'}, cls=GENERAL),
        'general class, bytes': folder(cls=GENERAL, flags=dict(byte_fallback=True)),
        'general class, another unknown piece': folder(cls=GENERAL, flags=dict(unk_id=10)),
        'general class, another mark': folder(pre=words(dict(meta, replacement='_')), cls=GENERAL),
    }
    for name, some in (('first', ADDED[:7]), ('middle', ADDED[7:14]), ('last', ADDED[14:])):
        yes[f'added {name}'] = folder(added=some, described_too=True)
        yes[f'added {name}, listed'] = folder(added=some)
        yes[f'added {name}, general class'] = folder(pre=meta, added=some, cls=GENERAL, described_too=True)
    return yes


def deberta_vocab(pieces):
    """The same pieces with DeBERTa's special ones; its mask comes after the vocabulary."""
    return [[p, 0.0] for p in DEBERTA] + [p for p in pieces if p[0] not in FLAT + ['<mask>']]


def deberta(texts, model):
    size = len(model['vocab'])
    table = dict(type='Precompiled', precompiled_charsmap=None)
    meta = dict(type='Metaspace', replacement='▁', prepend_scheme='always', split=True)
    replace = lambda regex: dict(type='Replace', pattern={'Regex': regex}, content=' ')
    strip = lambda left: dict(type='Strip', strip_left=left, strip_right=True)
    five = [replace(r'\s{2,}|[\n\r\t]'), {'type': 'NFC'}, strip(False)]
    four = [strip(True), table, replace(' {2,}')]
    lower = {'type': 'Lowercase'}
    punctuation = dict(type='Punctuation', behavior='Isolated')
    post = template(1, ('[CLS]', 1), ('[SEP]', 2), False)

    def folder(norm=five, pre=(meta,), added=(), cls='DebertaV2Tokenizer', unk='___n!', flags=None, described_too=True, post=post, **more):
        some = [('[PAD]', '____!'), ('[CLS]', '____!'), ('[SEP]', '____!'), ('[UNK]', unk)]
        listed = [dict(id=i, **token(c, f)) for i, (c, f) in enumerate(some)] + [dict(id=size + i, **token(c, f)) for i, (c, f) in enumerate([('[MASK]', '____!'), *added])]
        more = dict(dict(do_lower_case=False, split_by_punct=False, vocab_type='spm', sp_model_kwargs={}), **more)
        return whole(listed, splits(list(pre)), norm and sequence(list(norm)), post, meta, dict(dict(type='Unigram', unk_id=3, byte_fallback=False), **(flags or {})), names=DEBERTA_NAMES, cls=cls, described_too=described_too, **more)

    yes = {
        'as saved by version 5': folder(unk_id=3, add_prefix_space=True),
        'as published, converted by version 4': folder(norm=four),
        'listed alone': folder(described_too=False),
        'the class with Fast': folder(cls='DebertaV2TokenizerFast'),
        'no class': folder(cls=None),
        'the unknown token as given': folder(unk='____!'),
        'lower case': folder(norm=[lower, *five], do_lower_case=True),
        'lower case by the configuration alone': folder(do_lower_case=True),
        'lower case by the file alone': folder(norm=[lower, *five]),
        'punctuation apart': folder(pre=[punctuation, meta], split_by_punct=True),
        'punctuation apart by the configuration alone': folder(split_by_punct=True),
        'a mark before the text alone': folder(pre=[dict(meta, prepend_scheme='first')], add_prefix_space=False),
        'no mark by the configuration alone': folder(add_prefix_space=False),
        'another mark': folder(pre=[dict(meta, replacement='_')]),
        'no normalizer': folder(norm=None),
        'strips on the left too': folder(norm=[*five[:2], strip(True)]),
        'another unknown piece': folder(flags=dict(unk_id=10)),
        'bytes': folder(flags=dict(byte_fallback=True)),
        'pairs of one type': folder(post=template(0, ('[CLS]', 1), ('[SEP]', 2), False)),
        'general class': folder(cls=GENERAL),
        'general class, as published': folder(norm=four, cls=GENERAL),
        'general class, as published, the mark alone': folder(norm=four, pre=[meta], cls=GENERAL),
        'general class, lower case': folder(norm=[lower, *five], cls=GENERAL, do_lower_case=True),
        'general class, punctuation apart': folder(pre=[punctuation, meta], cls=GENERAL),
        'general class, no words': folder(norm=four, pre=[dict(meta, split=False)], cls=GENERAL),
    }
    for name, some in (('first', ADDED[:7]), ('middle', ADDED[7:14]), ('last', ADDED[14:])):
        yes[f'added {name}'] = folder(added=some)
        yes[f'added {name}, general class, as published'] = folder(norm=four, added=some, cls=GENERAL)
    return yes


def train(out):
    import base64, io
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    texts = SENTENCES * 3 + [w for t in texts_of(random.Random(1), 900) for w in [t] if len(t) < 200]
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=1800, min_frequency=2, special_tokens=FLAT, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    made = json.loads(bpe.to_str())['model']
    vocab = sorted(made['vocab'], key=made['vocab'].get) + [f'<0x{b:02X}>' for b in range(256)] + ['<mask>']
    into = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(SENTENCES), model_writer=into, vocab_size=400, hard_vocab_limit=False, model_type='unigram', normalization_rule_name='nmt_nfkc', minloglevel=2)
    proto = sentencepiece_model_pb2.ModelProto.FromString(into.getvalue())
    charsmap = proto.normalizer_spec.precompiled_charsmap
    uni = Tokenizer(models.Unigram())
    uni.normalizer = normalizers.Precompiled(charsmap)
    uni.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    uni.train_from_iterator(SENTENCES * 5, trainers.UnigramTrainer(vocab_size=2000, special_tokens=FLAT, unk_token='<unk>', max_piece_length=12))
    pieces = json.loads(uni.to_str())['model']['vocab']
    pieces = [p for p in pieces if p[0] not in ('c', 'Ж', 'я', '中', '🇩')]  # some are unknown
    pieces += [[f'<0x{b:02X}>', 0.0] for b in range(256)] + [['<mask>', 0.0]]
    json.dump(dict(byteLevel=dict(vocab={p: i for i, p in enumerate(vocab)}, merges=made['merges']), unigram=dict(vocab=pieces), deberta=dict(vocab=deberta_vocab(pieces)), charsmap=base64.b64encode(charsmap).decode()), open(out, 'w'), ensure_ascii=False)
    print(len(vocab), 'and', len(pieces), 'pieces', len(charsmap), 'bytes of normal forms')


KINDS = dict(mpnet=mpnet, byteLevel=byte_level, unigram=unigram, deberta=deberta)
MODEL_TYPES = dict(mpnet='mpnet', byteLevel='roberta', unigram='xlm-roberta', deberta='deberta-v2')


def with_table(value, charsmap):
    """The same with SentencePiece's table of normal forms where it belongs."""
    if isinstance(value, dict):
        return {k: charsmap if k == 'precompiled_charsmap' else with_table(v, charsmap) for k, v in value.items()}
    return [with_table(v, charsmap) for v in value] if isinstance(value, list) else value


def written(folder, files, model, model_type, charsmap):
    for name, content in files.items():
        if name == 'tokenizer.json':
            content = copy.deepcopy(content)
            content = with_table(content, charsmap)
            lines = content['model'].get('merges') == 'lines'
            content['model'].update(model)
            if lines:
                content['model']['merges'] = [' '.join(pair) for pair in model['merges']]
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
    models = json.load(open(args.models))
    for kind, of in KINDS.items():
        if kind in models:
            model = models[kind]
            folders = of(texts, model)
        else:
            vocab, folders = of(texts)
            model = dict(vocab=vocab)
        made = []
        for name, files in folders.items():
            with tempfile.TemporaryDirectory() as d:
                written(d, files, model, MODEL_TYPES[kind], models['charsmap'])
                result = dict(name=name, files=files)
                try:
                    t = AutoTokenizer.from_pretrained(d)
                    result['ids'] = [t(x)['input_ids'] for x in texts]
                    result['pairs'] = [t(texts[a], texts[b] or None, truncation=True, max_length=n)['input_ids'] for a, b, n in pairs]
                except BaseException as e:
                    result['error'] = f'{type(e).__name__}: {e}'[:200]
                made.append(result)
        kinds[kind] = dict(model=model, folders=made)
        print(transformers.__version__, kind, len(made), 'folders', len(texts), 'texts', len(model['vocab']), 'pieces', [(m['name'], m['error']) for m in made if 'error' in m])
    json.dump(dict(version=transformers.__version__, charsmap=models['charsmap'], texts=texts, pairs=pairs, kinds=kinds), open(args.out, 'w'))


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
    made = dict(versions=[a['version'], b['version']], charsmap=a['charsmap'], texts=a['texts'], pairs=a['pairs'], kinds=kinds)
    with open(out, 'wb') as f, gzip.GzipFile(fileobj=f, mode='wb', mtime=0, filename='') as g:
        g.write(json.dumps(made, separators=(',', ':')).encode())


if __name__ == '__main__':
    p = argparse.ArgumentParser()
    p.add_argument('out', nargs='?')
    p.add_argument('--merge', nargs=3)
    p.add_argument('--train')
    p.add_argument('--models')
    p.add_argument('--seed', type=int, default=16)
    p.add_argument('--texts', type=int, default=308)
    args = p.parse_args()
    train(args.train) if args.train else merge(*args.merge) if args.merge else make(args)
