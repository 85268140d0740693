/**
 * The files by which Hugging Face programs know a BERT tokenizer (tokenizer.json, tokenizer_config.json, vocab.txt,
 * special_tokens_map.json), written from its vocabulary. Knows nothing of where the vocabulary came from.
 */
import { PyramidError } from '../../errors.ts';
import type { PlacedToken } from './added-tokens.ts';

export interface SpecialNames {
  readonly pad: string;
  readonly unk: string;
  readonly cls: string;
  readonly sep: string;
  readonly mask: string;
}

export const SPECIAL_NAMES: SpecialNames = { pad: '[PAD]', unk: '[UNK]', cls: '[CLS]', sep: '[SEP]', mask: '[MASK]' };

export interface WordPieceFilesOptions {
  /** Where the vocabulary lies, for messages. */
  readonly path?: string;
  readonly lowerCase?: boolean; // true
  /** null, the default: as `lowerCase`. */
  readonly stripAccents?: boolean | null;
  readonly splitIdeographs?: boolean; // true
  readonly modelMaxLength?: number; // 512 tokens
  readonly names?: { readonly [N in keyof SpecialNames]?: string | undefined };
  /** Left out: the tokens of `names` that are among the pieces. */
  readonly added?: readonly PlacedToken[];
}

const SPECIAL = { singleWord: false, lstrip: false, rstrip: false, normalized: false, special: true };

/**
 * The pieces of a vocab.txt, one a line; the line number from 0 is the id. Lines end as Python's do, in LF, CR LF or
 * CR; blanks and a byte order mark belong to the piece, as they do for transformers.
 */
export function parseVocabulary(text: string): string[] {
  const pieces = text.split(/\r\n|\n|\r/);
  if (pieces.at(-1) === '') pieces.pop();
  return pieces;
}

/**
 * The four files for `pieces` (the index is the id).
 * @throws MP_MODEL_FILE if the unknown, classifier or separator token is not among them
 */
export function wordPieceFiles(
  pieces: readonly string[],
  options: WordPieceFilesOptions = {},
): Readonly<Record<string, string>> {
  const { path = 'vocab.txt', lowerCase = true, stripAccents = null, splitIdeographs = true } = options;
  const given = Object.entries(options.names ?? {}).filter(([, name]) => name !== undefined);
  const names: SpecialNames = { ...SPECIAL_NAMES, ...Object.fromEntries(given) };
  const ids = Object.create(null) as Record<string, number>;
  pieces.forEach((piece, id) => {
    ids[piece] = id;
  });
  for (const name of [names.unk, names.cls, names.sep]) {
    if (!(name in ids)) throw new PyramidError('MP_MODEL_FILE', { path, problem: `there is no piece "${name}"` });
  }

  const special = (content: string): PlacedToken => ({ id: ids[content], content, ...SPECIAL });
  const added = (
    options.added ??
    Object.values(names)
      .filter((name) => name in ids)
      .map(special)
  ).toSorted((a, b) => a.id - b.id);
  const token = ({ content, singleWord, lstrip, rstrip, normalized, special }: PlacedToken) => ({
    content,
    single_word: singleWord,
    lstrip,
    rstrip,
    normalized,
    special,
  });
  const around = (id: string, type: number) => ({ SpecialToken: { id, type_id: type } });
  const sequence = (id: string, type: number) => ({ Sequence: { id, type_id: type } });
  const single = [around(names.cls, 0), sequence('A', 0), around(names.sep, 0)];
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map((placed) => ({ id: placed.id, ...token(placed) })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: splitIdeographs,
      strip_accents: stripAccents,
      lowercase: lowerCase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single,
      pair: [...single, sequence('B', 1), around(names.sep, 1)],
      special_tokens: Object.fromEntries(
        [names.cls, names.sep].map((name) => [name, { id: name, ids: [ids[name]], tokens: [name] }]),
      ),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: names.unk,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: ids,
    },
  };
  const named = {
    cls_token: names.cls,
    mask_token: names.mask,
    pad_token: names.pad,
    sep_token: names.sep,
    unk_token: names.unk,
  };
  const config = {
    added_tokens_decoder: Object.fromEntries(added.map((placed) => [placed.id, token(placed)])),
    ...named,
    clean_up_tokenization_spaces: true,
    do_basic_tokenize: true,
    do_lower_case: lowerCase,
    model_max_length: options.modelMaxLength ?? 512,
    never_split: null,
    strip_accents: stripAccents,
    tokenize_chinese_chars: splitIdeographs,
    tokenizer_class: 'BertTokenizer',
  };
  return {
    'tokenizer.json': JSON.stringify(tokenizer),
    'tokenizer_config.json': JSON.stringify(config, null, 2),
    'vocab.txt': pieces.map((piece) => `${piece}\n`).join(''),
    'special_tokens_map.json': JSON.stringify(named, null, 2),
  };
}
