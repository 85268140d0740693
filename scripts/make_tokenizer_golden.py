"""Token ids of nasty texts by Hugging Face transformers, for test/text/tokenizer-golden.test.ts.

run:  python scripts/make_tokenizer_golden.py     (needs transformers; 5.23 with tokenizers 0.23 made the file)
"""
import json, os, string, tempfile
from transformers import AutoTokenizer

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../test/text/tokenizer-golden.json')
letters = string.ascii_letters + string.digits + 'éñßıσςάαοδｱ한국어ﬁⅧ½'
whole = list(string.punctuation) + list('—“”‘’…、。·׃東京日本\U00020000\U0002B91F') + ['\u1b4e', '\u061d']
words = 'the quick brown fox over dog hello world The Quick'.split() + ['##ing', '##s', '##er', '##ck', 'un', '##friend', '##ly']
pieces = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', *whole, *letters, *('##' + c for c in letters), *words]
pieces = list(dict.fromkeys(pieces))
texts = [
    'The quick brown fox', 'hello, world!! unfriendly-foxes', '', ' ', '\t\n', 'a' * 100, 'a' * 101, "don't stop-believing", 'Ünïcödé ÀÉÎ ñandú',
    '東京 is Tōkyō日本', '\U00020000\U00020001 \U0002B820\U0002B91F\U0002F800x', 'ΟΔΟΣ ΣΑΣ Σ', 'İstanbul ßtraße ſ', 'e\u0301 combining e\u0300\u0316', 'ﬁne Ⅷ ½',
    'zero\u200bwidth\u00a0nbsp\ufeffbom\u00adsoft', '\u0000nul\u0007bell\ufffd', '[CLS] literal [SEP] [MASK]x [mask] [PAD', '##ing ##s', '한국어 조합', 'A\u2028B\u2029C\u0085D\u000bE',
    '—–-‐‑ “quotes” ‘single’…', 'a\u1b4eb\u061dc\u166dd\U00011b00e', 'a\u07fdb a\u1abfc a\u1df9d d\u1734e \U0001171ef', '\ue000private\U000f0000', 'emoji 😀👩‍👩‍👧‍👦 end', '.' * 40,
    'x\u0890y\u08e2z', ' the  dog \r\n over\rthe fox ', '1,234.56 $100 50% #tag @user http://a.b/c?d=e&f',
]
sets = []
for lower in (True, False):
    with tempfile.TemporaryDirectory() as d:
        open(f'{d}/vocab.txt', 'w', encoding='utf-8', newline='\n').write(''.join(p + '\n' for p in pieces))
        json.dump({'do_lower_case': lower, 'tokenizer_class': 'BertTokenizer'}, open(f'{d}/tokenizer_config.json', 'w'))
        tok = AutoTokenizer.from_pretrained(d)
    pairs = [(t, None) for t in texts] + [(t, texts[-i - 1]) for i, t in enumerate(texts)] + [(t, texts[(7 * i + 3) % len(texts)]) for i, t in enumerate(texts)]
    cases = []
    for text, pair in pairs:
        for length in (512, 33, 16, 8, 3):
            e = tok(text, pair, truncation=True, max_length=length)
            cases.append(dict(text=text, pair=pair, maxLength=length, ids=e['input_ids'], types=e['token_type_ids']))
    sets.append(dict(lowerCase=lower, cases=cases))
json.dump(dict(pieces=pieces, sets=sets), open(OUT, 'w'), ensure_ascii=True, separators=(',', ':'))
print([len(s['cases']) for s in sets], len(pieces))
