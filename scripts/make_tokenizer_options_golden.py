"""Token ids by Hugging Face transformers for tokenizer folders with every option, for test/text/tokenizer-options.test.ts.

Run once with each version, then put the two together; 4.57.6 and 5.24.0 made the file:
  python4 scripts/make_tokenizer_options_golden.py made-4.json
  python5 scripts/make_tokenizer_options_golden.py made-5.json
  python5 scripts/make_tokenizer_options_golden.py --merge made-4.json made-5.json test/text/tokenizer-options-golden.json.gz
More, by chance: --seed N --texts T --folders F (T texts, F folders with options drawn by chance).

A folder has ids where both versions give the same, or where one of them cannot read it; where they differ it is to be
refused.
"""
import argparse, copy, gzip, json, os, random, string, tempfile, unicodedata

SENTENCES = [
    'You have won a PRIZE, claim it now!', 'Der Weißwurstäquator und die Größe von Straßen für müde Füße.', "L'été à Noël, où çà? Ça coûte cher : 3 € !",
    'Ο ΟΔΥΣΣΕΑΣ έφυγε. ΣΑΣ ΣΟΦΟΣ Σ. όδός', 'Привет, МИР! Съешь ещё этих мягких булок, Ёжик.', 'İstanbul ısı IĞDIR iğne DİYARBAKIR', 'مرحبا بالعالم، كَتَبَ الرَّجُلُ ١٢٣',
    'שָׁלוֹם עולם, מה שלומך?', 'नमस्ते दुनिया, क़ ख़ ड़ हिन्दी १२३।', 'สวัสดีชาวโลก ภาษาไทยไม่มีช่องว่าง', '你好，世界！我爱北京天安门。', '東京タワーは高いです。ガギグ ｶﾞｷﾞ ㌔ ㍿', '안녕하세요 세계 한국어 각',
    '👩‍👩‍👧‍👦 emoji 👍🏽 🇩🇪 ❤️ 🏳️‍🌈', 'e\u0301e\u0300\u0316 a\u030a\u0323 q\u0307\u0323 \u0344', 'zero\u200bwidth\u200d join \u2060 soft\u00adhyphen \ufeffbom', 'nbsp\u00a0here\u2003em\u3000wide\u1680ogham\u180emvs',
    'bell\u0007 nul\u0000 esc\u001b del\u007f c1\u0085\u0091 tab\there\r\nand\u000bvt\u000cff', '\ue000private\uf8ff \U000f0000 \U0010fffd', 'line\u2028sep\u2029para', 'ﬁne ﬂow Ⅷ ½ ² ℃ Å ﷺ ｆｕｌｌ', '\u0130\u0131\u017f\u1e9e ǅ Ǆ ῼ ᾈ Ⓐ Ω K',
    '\u1100\u1161\u11a8 \u1100\u1161 각', 'don\'t stop-believing, 1,234.56 $100 50% #tag @user http://a.b/c?d=e&f', 'x' * 99 + ' ' + 'y' * 100 + ' ' + 'z' * 101, 'Ж' * 130, '中' * 40, '\ufffd replaced \ufffc object',
    'ᏣᎳᎩ Ꭰ ꭰ ᲐᲑ აბ Ꙋ', 'ᠮᠣᠩᠭᠣᠯ \u1885 \u07fd \u0898 \u1abf \u1dfa', '\U00010400\U00010428 \U0001e900 \U00010d50 \U000105c9 \U00011383 \U00016d68', '\U00020000\U0002b820\U0002f800 㐀 豈', 'a\u1b4eb \u061d \u166d \U000111c9 ؛ ۔ ፧ ។ ‽ ⸮',
    'snake_case __init__ x²+y³ ٣٫١٤ ⅓ Ⅳ ㉈ 𝟘𝟙', '##ing ##s [CLS] [SEP] [MASK] [PAD] [UNK] [mask] [Mask]', '   lead and trail   ', '\t\n', '', '.', 'a', ' . , ! ', '…—–“”‘’«»¿¡', 'ñ Ñ ç Ç ø Ø æ Æ œ Œ þ Þ ð Ð ł Ł',
]
# contents of added tokens, with their flags: single_word, lstrip, rstrip, normalized, special
ADDED = [
    ('WINBIG', '___n_'), ('中奖', '___n_'), ('Café', '___n_'), ('lottery-win', '___n_'), ('freebie', 's__n_'), ('<url>', '_l___'), ('<num>', '__r__'), ('<both>', '_lr__'), ('word', 's____'), ('größe', 's_rn_'),
    ('<x>', '____!'), ('<y>', '_lr_!'), ('Mixed Case', '___n_'), ('ΣΑΣ', '___n_'), ('👍', '___n_'), ('👩‍👩‍👧‍👦', '_____'), ('ab', '_____'), ('abc', '____ '), ('bcd', '___n_'), (' lead', '___n_'), ('İ', '___n_'),
]


def flags(text):
    return dict(single_word='s' in text, lstrip='l' in text, rstrip='r' in text, normalized='n' in text, special='!' in text)


def token(content, text):
    return dict(content=content, **flags(text))


SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']


def texts_of(rng, count):
    alphabet = [c for s in SENTENCES for c in s]
    texts = list(SENTENCES)
    while len(texts) < count:
        kind = rng.randrange(6)
        if kind == 0:  # tokens side by side, with and without blanks
            parts = [rng.choice(ADDED)[0] for _ in range(rng.randint(1, 8))]
            parts = [rng.choice([p, p, p.lower(), p.upper(), p + 's', 'a' + p]) for p in parts]
            texts.append(rng.choice(['', ' ', '  ', '\u00a0', '\n']).join(parts))
        elif kind == 1:  # words of many scripts
            words = [w for s in rng.sample(SENTENCES, 4) for w in s.split(' ')]
            texts.append(' '.join(rng.sample(words, min(len(words), 10))))
        elif kind == 2:  # letters by chance
            texts.append(''.join(rng.choice(alphabet) for _ in range(rng.randint(1, 40))))
        elif kind == 3:  # code points by chance
            codes = [rng.choice([rng.randrange(0x20, 0x250), rng.randrange(0x250, 0x3000), rng.randrange(0x3000, 0x10000), rng.randrange(0x10000, 0x20000), rng.randrange(0xe0000, 0x110000)]) for _ in range(rng.randint(1, 25))]
            texts.append(''.join(chr(c) for c in codes if not 0xd800 <= c < 0xe000))
        elif kind == 4:  # a base and marks
            marks = [chr(c) for c in range(0x300, 0x20000) if unicodedata.category(chr(c)).startswith('M')] if not hasattr(texts_of, 'marks') else texts_of.marks
            texts_of.marks = marks
            texts.append(' '.join(rng.choice('aeoçяאक가Σ') + ''.join(rng.choice(marks) for _ in range(rng.randint(1, 4))) for _ in range(5)))
        else:  # a sentence with a token in it, cased by chance
            s = rng.choice(SENTENCES)
            at = rng.randint(0, len(s))
            s = s[:at] + rng.choice(['', ' ', '  ']) + rng.choice(ADDED)[0] + rng.choice(['', ' ', '\t']) + s[at:]
            texts.append(rng.choice([s, s.upper(), s.lower(), s.title()]))
    return [t.encode('utf-8', 'ignore').decode() for t in texts[:count]]


def vocabulary(texts):
    """Every letter in every form, so that each word shows where it begins and ends."""
    letters = dict.fromkeys(string.printable[:94])
    for t in texts:
        for form in ('NFC', 'NFD', 'NFKC', 'NFKD'):
            letters.update(dict.fromkeys(c for c in unicodedata.normalize(form, t + t.lower() + t.upper()) if not c.isspace() and c not in '\x85\u2028\u2029'))
    letters = [c for i, c in enumerate(letters) if i < 100 or i % 7]  # some are unknown
    words = ['win', 'prize', 'free', 'größe', 'für', 'мир', '##ing', '##s', 'won', 'the', '##ay', 'ΣΑΣ', 'σας', 'ab', '##bc', '##not', 'word', 'lottery', '##ΣΑ', 'a b', '##']
    return list(dict.fromkeys(SPECIAL + letters + ['##' + c for c in letters] + words))


BERT_NORM = dict(type='BertNormalizer', clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True)
BERT_PRE = {'type': 'BertPreTokenizer'}


def template(cls=2, sep=3):
    s = lambda n, i, t: {'SpecialToken': {'id': n, 'type_id': t}}
    a = [s('[CLS]', cls, 0), {'Sequence': {'id': 'A', 'type_id': 0}}, s('[SEP]', sep, 0)]
    return dict(type='TemplateProcessing', single=a, pair=a + [{'Sequence': {'id': 'B', 'type_id': 1}}, s('[SEP]', sep, 1)], special_tokens={n: dict(id=n, ids=[i], tokens=[n]) for n, i in (('[CLS]', cls), ('[SEP]', sep))})


def tokenizer_json(norm=BERT_NORM, pre=BERT_PRE, post=None, added=(), model=None, **more):
    listed = [dict(id=i, **token(c, '____!')) for i, c in enumerate(SPECIAL)]
    listed += [dict(id=5000 + i, **token(c, f)) for i, (c, f) in enumerate(added)]
    m = dict(type='WordPiece', unk_token='[UNK]', continuing_subword_prefix='##', max_input_chars_per_word=100, vocab=None)
    m.update(model or {})
    t = dict(version='1.0', truncation=None, padding=None, added_tokens=listed, normalizer=norm, pre_tokenizer=pre, post_processor=post or template(), decoder=dict(type='WordPiece', prefix='##', cleanup=True), model=m)
    t.update(more)
    return t


def config(cls='BertTokenizer', decoder=None, **more):
    c = dict(tokenizer_class=cls, **{f'{n[1:-1].lower()}_token': n for n in SPECIAL})
    if decoder is not None:
        c['added_tokens_decoder'] = {**{str(i): token(n, '____!') for i, n in enumerate(SPECIAL)}, **{str(5000 + i): token(t, f) for i, (t, f) in enumerate(decoder)}}
    c.update(more)
    return c


def bert_folders():
    yes = {}
    for lower in (True, False):
        for accents in (None, True, False):
            for chinese in (True, False):
                yes[f'bert lower {lower} accents {accents} chinese {chinese}'] = {'tokenizer.json': tokenizer_json(dict(BERT_NORM, lowercase=not lower)), 'tokenizer_config.json': config(do_lower_case=lower, strip_accents=accents, tokenize_chinese_chars=chinese)}
    cased = dict(BERT_NORM, lowercase=False)
    yes['bert cased file, no word of the configuration'] = {'tokenizer.json': tokenizer_json(cased), 'tokenizer_config.json': config()}
    yes['bert no configuration at all'] = {'tokenizer.json': tokenizer_json(cased)}
    yes['bert vocab.txt alone'] = {'vocab.txt': None}
    yes['bert vocab.txt, cased'] = {'vocab.txt': None, 'tokenizer_config.json': config(do_lower_case=False, strip_accents=True)}
    for cls in ('BertTokenizerFast', 'DistilBertTokenizer', 'ElectraTokenizerFast'):
        yes[f'class {cls}'] = {'tokenizer.json': tokenizer_json(cased), 'tokenizer_config.json': config(cls)}
    for content, f in ADDED:
        one = [(content, f)]
        yes[f'added {content!r} {f}'] = {'tokenizer.json': tokenizer_json(added=one), 'tokenizer_config.json': config(decoder=one, do_lower_case=True)}
    for name, some in (('all', ADDED), ('first half', ADDED[:10]), ('second half', ADDED[10:])):
        yes[f'added {name}'] = {'tokenizer.json': tokenizer_json(added=some), 'tokenizer_config.json': config(decoder=some)}
        yes[f'added {name}, cased'] = {'tokenizer.json': tokenizer_json(cased, added=some), 'tokenizer_config.json': config(decoder=some, do_lower_case=False)}
        yes[f'added {name}, no decoder'] = {'tokenizer.json': tokenizer_json(added=some), 'tokenizer_config.json': config()}
        yes[f'added {name}, vocab.txt'] = {'vocab.txt': None, 'tokenizer_config.json': config(decoder=some)}
        yes[f'added {name}, vocab.txt cased'] = {'vocab.txt': None, 'tokenizer_config.json': config(decoder=some, do_lower_case=False)}
        ids = {c: 6000 + i for i, (c, _) in enumerate(some)}
        yes[f'added {name}, added_tokens.json'] = {'vocab.txt': None, 'tokenizer_config.json': config(), 'added_tokens.json': ids}
        yes[f'added {name}, added_tokens.json beside tokenizer.json'] = {'tokenizer.json': tokenizer_json(), 'tokenizer_config.json': config(), 'added_tokens.json': ids}
        yes[f'added {name}, file cased and configuration not'] = {'tokenizer.json': tokenizer_json(cased, added=some), 'tokenizer_config.json': config(decoder=some)}
    extra = ['<x>', '<y>', 'WINBIG', 'Mixed Case']
    yes['additional_special_tokens'] = {'tokenizer.json': tokenizer_json(), 'tokenizer_config.json': config(additional_special_tokens=extra)}
    yes['additional_special_tokens, vocab.txt'] = {'vocab.txt': None, 'tokenizer_config.json': config(additional_special_tokens=extra)}
    yes['additional_special_tokens with a decoder'] = {'vocab.txt': None, 'tokenizer_config.json': config(decoder=ADDED[:3], additional_special_tokens=extra)}
    yes['extra_special_tokens'] = {'tokenizer.json': tokenizer_json(), 'tokenizer_config.json': config(decoder=[], extra_special_tokens=extra)}
    yes['map of special tokens'] = {'vocab.txt': None, 'tokenizer_config.json': config(), 'special_tokens_map.json': dict(additional_special_tokens=extra, mask_token='[MASK]')}
    yes['map of special tokens, as objects'] = {'vocab.txt': None, 'tokenizer_config.json': config(), 'special_tokens_map.json': dict(mask_token=token('[MASK]', '_l_n!'), additional_special_tokens=extra[:2])}
    yes['map of special tokens, objects in the list'] = {'vocab.txt': None, 'tokenizer_config.json': config(), 'special_tokens_map.json': dict(additional_special_tokens=[token('<x>', '_lr__'), '<y>'])}
    yes['map of special tokens beside a decoder'] = {'vocab.txt': None, 'tokenizer_config.json': config(decoder=[]), 'special_tokens_map.json': dict(additional_special_tokens=extra)}
    yes['map and added_tokens.json'] = {'vocab.txt': None, 'tokenizer_config.json': config(), 'special_tokens_map.json': dict(additional_special_tokens=extra), 'added_tokens.json': {'<y>': 5999, 'freebie': 6000, '<x>': 5998}}
    yes['split_special_tokens'] = {'tokenizer.json': tokenizer_json(), 'tokenizer_config.json': config(split_special_tokens=True, additional_special_tokens=['<x>'])}
    yes['mask strips'] = {'tokenizer.json': tokenizer_json(), 'tokenizer_config.json': config(added_tokens_decoder={**{str(i): token(n, '____!') for i, n in enumerate(SPECIAL[:4])}, '4': token('[MASK]', '_l__!')})}
    yes['no basic words'] = {'vocab.txt': None, 'tokenizer_config.json': config(do_basic_tokenize=False, never_split=['WINBIG'])}
    yes['no basic words, added'] = {'vocab.txt': None, 'tokenizer_config.json': config(do_basic_tokenize=False, decoder=ADDED[:5])}
    yes['truncation and padding in the file'] = {'tokenizer.json': tokenizer_json(truncation=dict(direction='Right', max_length=7, strategy='LongestFirst', stride=0), padding=dict(strategy={'Fixed': 20}, direction='Right', pad_to_multiple_of=None, pad_id=0, pad_type_id=0, pad_token='[PAD]')), 'tokenizer_config.json': config(decoder=[])}
    yes['truncation_side'] = {'tokenizer.json': tokenizer_json(), 'tokenizer_config.json': config(truncation_side='left', padding_side='left', model_max_length=9)}
    yes['truncation in the file, left'] = {'tokenizer.json': tokenizer_json(truncation=dict(direction='Left', max_length=7, strategy='LongestFirst', stride=0)), 'tokenizer_config.json': config()}
    yes['BertProcessing'] = {'tokenizer.json': tokenizer_json(post=dict(type='BertProcessing', sep=['[SEP]', 3], cls=['[CLS]', 2])), 'tokenizer_config.json': config()}
    yes['no token types'] = {'tokenizer.json': tokenizer_json(), 'tokenizer_config.json': config(model_input_names=['input_ids', 'attention_mask'])}
    # these the versions of transformers read differently
    yes['flags differ'] = {'tokenizer.json': tokenizer_json(added=[('win now', '_____')]), 'tokenizer_config.json': config(decoder=[('win now', '_l_n_')])}
    yes['only the file has the token'] = {'tokenizer.json': tokenizer_json(added=[('WINBIG', '___n_')]), 'tokenizer_config.json': config(decoder=[])}
    yes['Lowercase under BERT'] = {'tokenizer.json': tokenizer_json({'type': 'Lowercase'}, {'type': 'Whitespace'}), 'tokenizer_config.json': config()}
    yes['not cleaned under BERT'] = {'tokenizer.json': tokenizer_json(dict(BERT_NORM, clean_text=False)), 'tokenizer_config.json': config()}
    yes['short words under BERT'] = {'tokenizer.json': tokenizer_json(model=dict(max_input_chars_per_word=3)), 'tokenizer_config.json': config()}
    yes['another cls_token'] = {'tokenizer.json': tokenizer_json(), 'tokenizer_config.json': config(cls_token='[MASK]')}
    return yes


NORMS = [
    None, {'type': 'Lowercase'}, {'type': 'NFC'}, {'type': 'NFD'}, {'type': 'NFKC'}, {'type': 'NFKD'}, {'type': 'StripAccents'}, {'type': 'Nmt'}, BERT_NORM, dict(BERT_NORM, clean_text=False), dict(BERT_NORM, lowercase=False, strip_accents=True, handle_chinese_chars=False),
    dict(BERT_NORM, clean_text=False, strip_accents=False), {'type': 'Strip', 'strip_left': True, 'strip_right': True}, {'type': 'Strip', 'strip_left': False, 'strip_right': True}, {'type': 'Strip', 'strip_left': True, 'strip_right': False},
    {'type': 'Replace', 'pattern': {'String': 'a'}, 'content': '$&'}, {'type': 'Replace', 'pattern': {'String': '. '}, 'content': ' '}, {'type': 'Replace', 'pattern': {'String': 'ß-#&'}, 'content': 'x'}, {'type': 'Replace', 'pattern': {'String': '中'}, 'content': ''},
    {'type': 'Replace', 'pattern': {'String': '<'}, 'content': '«'}, {'type': 'Prepend', 'prepend': '▁a'},
]
PRES = [
    None, BERT_PRE, {'type': 'Whitespace'}, {'type': 'WhitespaceSplit'}, {'type': 'Punctuation', 'behavior': 'Isolated'}, {'type': 'Punctuation', 'behavior': 'Removed'}, {'type': 'Punctuation', 'behavior': 'Contiguous'}, {'type': 'Punctuation'}, {'type': 'Digits', 'individual_digits': True},
    {'type': 'Digits', 'individual_digits': False},
]
sequence = lambda norms: {'type': 'Sequence', 'normalizers': norms}
splits = lambda pres: {'type': 'Sequence', 'pretokenizers': pres}
GENERAL = 'PreTrainedTokenizerFast'


def general_folders():
    yes = {}
    for n, norm in enumerate(NORMS):
        yes[f'general norm {n} {norm and norm["type"]}'] = {'tokenizer.json': tokenizer_json(norm, {'type': 'Whitespace'}, added=ADDED[:4]), 'tokenizer_config.json': config(GENERAL)}
    for p, pre in enumerate(PRES):
        yes[f'general words {p} {pre and pre["type"]}'] = {'tokenizer.json': tokenizer_json({'type': 'Lowercase'}, pre, added=ADDED[4:10]), 'tokenizer_config.json': config(GENERAL)}
    yes['general sequence'] = {'tokenizer.json': tokenizer_json(sequence([NORMS[3], NORMS[1], NORMS[6]]), splits([PRES[3], PRES[4], PRES[8]]), added=ADDED), 'tokenizer_config.json': config(GENERAL)}
    yes['general model'] = {'tokenizer.json': tokenizer_json(model=dict(max_input_chars_per_word=5, continuing_subword_prefix='', unk_token='[MASK]')), 'tokenizer_config.json': config(GENERAL)}
    yes['general prefix'] = {'tokenizer.json': tokenizer_json(None, {'type': 'WhitespaceSplit'}, model=dict(continuing_subword_prefix='##Σ')), 'tokenizer_config.json': config(GENERAL)}
    yes['general do_lower_case'] = {'tokenizer.json': tokenizer_json(dict(BERT_NORM, lowercase=False)), 'tokenizer_config.json': config(GENERAL, do_lower_case=True)}
    yes['general no template'] = {'tokenizer.json': tokenizer_json(post={'type': 'RobertaProcessing', 'sep': ['[SEP]', 3], 'cls': ['[CLS]', 2], 'trim_offsets': True, 'add_prefix_space': False}), 'tokenizer_config.json': config(GENERAL)}
    return yes


def random_folders(rng, count):
    yes = {}
    for i in range(count):
        added = rng.sample(ADDED, rng.randint(0, 6))
        added = [(c, ''.join(f if rng.random() < 0.7 else '' for f in 'slrn!') if rng.random() < 0.5 else f) for c, f in added]
        decoder = rng.choice([None, added, added, added[:1]])
        if rng.random() < 0.5:
            norm = sequence([rng.choice(NORMS[1:]) for _ in range(rng.randint(0, 4))]) if rng.random() < 0.6 else rng.choice(NORMS)
            pre = splits([rng.choice(PRES[1:]) for _ in range(rng.randint(0, 3))]) if rng.random() < 0.4 else rng.choice(PRES)
            model = dict(max_input_chars_per_word=rng.choice([3, 100, 1000]), continuing_subword_prefix=rng.choice(['##', '##', '', 'a']))
            files = {'tokenizer.json': tokenizer_json(norm, pre, added=added, model=model), 'tokenizer_config.json': config(GENERAL, decoder)}
        else:
            c = config(rng.choice(['BertTokenizer', 'BertTokenizerFast', 'ElectraTokenizer']), decoder)
            for key, values in (('do_lower_case', [True, False]), ('strip_accents', [None, True, False]), ('tokenize_chinese_chars', [True, False]), ('split_special_tokens', [True, False, False])):
                if rng.random() < 0.5:
                    c[key] = rng.choice(values)
            if rng.random() < 0.3:
                c['additional_special_tokens'] = [t for t, _ in rng.sample(ADDED, 2)]
            norm = dict(BERT_NORM, lowercase=rng.choice([True, False]), strip_accents=rng.choice([None, True, False]))
            files = {'tokenizer_config.json': c, **({'vocab.txt': None} if rng.random() < 0.4 else {'tokenizer.json': tokenizer_json(norm, added=added)})}
            if rng.random() < 0.3:
                files['added_tokens.json'] = {t: 7000 + rng.randrange(50) * 10 + j for j, (t, _) in enumerate(rng.sample(ADDED, 3))}
            if rng.random() < 0.3:
                files['special_tokens_map.json'] = dict(additional_special_tokens=[t for t, _ in rng.sample(ADDED, 2)], mask_token=rng.choice(['[MASK]', token('[MASK]', '_l__!')]))
        yes[f'by chance {i}'] = files
    return yes


def written(folder, files, vocab):
    for name, content in files.items():
        if name == 'vocab.txt':
            content = ''.join(p + '\n' for p in vocab)
        elif name == 'tokenizer.json':
            content = copy.deepcopy(content)
            content['model']['vocab'] = {p: i for i, p in enumerate(vocab)}
            content = json.dumps(content)
        else:
            content = json.dumps(content)
        open(os.path.join(folder, name), 'w', encoding='utf-8', newline='').write(content)
    json.dump(dict(model_type='bert'), open(os.path.join(folder, 'config.json'), 'w'))


def make(args):
    import transformers
    from transformers import AutoTokenizer
    transformers.logging.set_verbosity_error()
    rng = random.Random(args.seed)
    texts = texts_of(rng, args.texts)
    vocab = vocabulary(texts)
    folders = random_folders(rng, args.folders) if args.folders else {**bert_folders(), **general_folders()}
    pairs = [[rng.randrange(len(texts)), rng.randrange(len(texts)), rng.choice([4, 8, 12, 20])] for _ in range(40)]
    made = []
    for name, files in folders.items():
        with tempfile.TemporaryDirectory() as d:
            written(d, files, vocab)
            result = dict(name=name, files=files)
            try:
                t = AutoTokenizer.from_pretrained(d)
                result['ids'] = [t(x)['input_ids'] for x in texts]
                cut = [t(texts[a], texts[b] or None, truncation=True, max_length=n) for a, b, n in pairs]
                result['pairs'] = [[e['input_ids'], e.get('token_type_ids') or [0] * len(e['input_ids'])] for e in cut]
            except BaseException as e:
                result['error'] = f'{type(e).__name__}: {e}'[:200]
            made.append(result)
    json.dump(dict(version=transformers.__version__, vocabulary=vocab, texts=texts, pairs=pairs, folders=made), open(args.out, 'w'))
    print(transformers.__version__, len(made), 'folders', len(texts), 'texts', len(vocab), 'pieces', [m['name'] for m in made if 'error' in m])


def ids_of(pairs):
    return [ids for ids, _ in pairs]


def merge(four, five, out):
    a, b = json.load(open(four)), json.load(open(five))
    folders = []
    for x, y in zip(a['folders'], b['folders']):
        entry = dict(name=x['name'], files=x['files'])
        if 'error' in x and 'error' in y:
            entry['error'] = x['error']
        # of the general class transformers 5 gives no token types; those of 4 are kept
        elif 'error' in x or 'error' in y or (x['ids'], ids_of(x['pairs'])) == (y['ids'], ids_of(y['pairs'])):
            entry.update({k: (y if 'error' in x else x)[k] for k in ('ids', 'pairs')})
        folders.append(entry)
    made = dict(versions=[a['version'], b['version']], vocabulary=a['vocabulary'], texts=a['texts'], pairs=a['pairs'], folders=folders)
    with open(out, 'wb') as f, gzip.GzipFile(fileobj=f, mode='wb', mtime=0, filename='') as g:
        g.write(json.dumps(made, separators=(',', ':')).encode())
    print(len(folders), 'folders,', sum('ids' in f for f in folders), 'with ids; differing:', [f['name'] for f in folders if 'ids' not in f and 'error' not in f])


if __name__ == '__main__':
    p = argparse.ArgumentParser()
    p.add_argument('out', nargs='?')
    p.add_argument('--merge', nargs=3)
    p.add_argument('--seed', type=int, default=16)
    p.add_argument('--texts', type=int, default=300)
    p.add_argument('--folders', type=int, default=0)
    args = p.parse_args()
    merge(*args.merge) if args.merge else make(args)
