/**
 * Texts to token ids, with the numbers that Hugging Face transformers gives for `truncation=True`. Built on
 * @huggingface/tokenizers; BERT's words and WordPiece are our own (exact beyond the basic plane, remembered, never
 * quadratic), and so are truncation and the special tokens. Knows nothing of models.
 */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { PyramidError } from '../errors.ts';
import { type Folder, pathIn, readText } from '../folder.ts';
import { bertIds } from './bert-ids.ts';
import { type BertNormalization, bertWords, normalizeBert } from './bert-words.ts';
import { longestFirst, type PostProcessor, type SpecialTokens, specialTokens } from './special-tokens.ts';
import { wordPieces } from './word-pieces.ts';
import { parseVocabulary, wordPieceFiles } from './wordpiece-files.ts';

export interface Encoding {
  readonly ids: Int32Array; // [n]
  /** Token type ids: 0 for the text, 1 for the pair (always 0 where the family has one type). */
  readonly types: Uint8Array; // [n]
  /** Whether tokens were cut off to fit. */
  readonly truncated: boolean;
}

export interface Tokenizer {
  /**
   * Special tokens included. What does not fit into `maxLength` tokens is cut from the longer text first, at its end
   * (`side` 'right', the default) or its beginning ('left'), as transformers' `truncation_side` has it.
   * Any string is allowed, '' and lone surrogates too. As in transformers, a pair that is '' counts as none, so that
   * all types are 0.
   * @throws MP_USAGE if not even the special tokens fit
   */
  encode(text: string, pair: string | undefined, maxLength: number, side?: 'right' | 'left'): Encoding;
  /** The piece of text that an id stands for, as the vocabulary writes it ('##ing', '[CLS]'); '' if there is none. */
  piece(id: number): string;
  /** Largest id + 1. */
  readonly vocabularySize: number;
  /** The files it was made from, by name, to be written into a model folder. */
  readonly files: Readonly<Record<string, string>>;
}

const FILES = ['tokenizer.json', 'tokenizer_config.json', 'vocab.txt', 'special_tokens_map.json'] as const;

/**
 * The tokenizer of a model folder: from tokenizer.json, or from vocab.txt where there is no such file.
 * @throws MP_FILE_MISSING if there is neither, MP_MODEL_FILE if one does not hold what it should
 */
export async function tokenizerOf(folder: Folder, { all = false } = {}): Promise<Tokenizer> {
  const files: Record<string, string> = {};
  const read = (names: readonly string[]) =>
    Promise.all(
      names.map(async (name) => {
        const text = await readText(folder, name);
        if (text !== null) files[name] = text;
      }),
    );
  const [whole, ...rest] = FILES;
  await read([whole, 'tokenizer_config.json']);
  if (all || files[whole] === undefined) await read(rest);
  return tokenizerFromFiles(files, folder.path);
}

/**
 * The tokenizer that these files describe (contents by name, as in a model folder).
 * @param dir where they lie, for messages
 * @throws as `tokenizerOf`
 */
export function tokenizerFromFiles(files: Readonly<Record<string, string>>, dir = 'tokenizer'): Tokenizer {
  const config = files['tokenizer_config.json'] ? json(files, 'tokenizer_config.json', dir) : {};
  if (!files['tokenizer.json']) {
    if (!files['vocab.txt'])
      throw new PyramidError('MP_FILE_MISSING', { path: dir, what: 'tokenizer.json or vocab.txt' });
    return tokenizerFromVocabulary(files, config, dir);
  }
  const path = pathIn(dir, 'tokenizer.json');
  const description = json(files, 'tokenizer.json', dir) as unknown as TokenizerDescription;
  let engine: HuggingFaceTokenizer;
  let templates: SpecialTokens | null;
  try {
    engine = new HuggingFaceTokenizer(description, config);
    templates = specialTokens(description.post_processor);
  } catch (error) {
    throw new PyramidError('MP_MODEL_FILE', { path, problem: (error as Error).message }, { cause: error });
  }
  if (!templates) {
    const problem = `the post-processor "${description.post_processor?.type}" is not known`;
    throw new PyramidError('MP_MODEL_FILE', { path, problem });
  }
  return makeTokenizer(engine, description, templates, files);
}

/** The parts of a tokenizer.json that are looked at here. */
interface TokenizerDescription {
  readonly normalizer: {
    readonly type: string;
    readonly clean_text?: boolean;
    readonly handle_chinese_chars?: boolean;
    readonly strip_accents?: boolean | null;
    readonly lowercase?: boolean;
  } | null;
  readonly pre_tokenizer: { readonly type: string } | null;
  readonly post_processor: PostProcessor | null;
  readonly added_tokens: readonly { readonly content: string; readonly id: number; readonly normalized?: boolean }[];
  readonly model: {
    readonly type: string;
    readonly unk_token?: string;
    readonly continuing_subword_prefix?: string;
    readonly max_input_chars_per_word?: number;
  };
}

function makeTokenizer(
  engine: HuggingFaceTokenizer,
  description: TokenizerDescription,
  templates: SpecialTokens,
  files: Readonly<Record<string, string>>,
): Tokenizer {
  const ids: ReadonlyMap<string, number> = engine.model!.tokens_to_ids;
  const cut = useOwnParts(engine, description, ids);
  const unknown = ids.get(description.model.unk_token ?? '');
  const inPieces = !description.added_tokens.some((token) => /\s/.test(token.content)) && isBert(description);

  const idOf = (token: string): number => {
    const id = ids.get(token) ?? unknown;
    if (id === undefined) throw new Error(`internal: the token "${token}" has no id and there is no unknown token`);
    return id;
  };
  const pushIds = isBert(description) && cut ? bertIds(normalization(description), cut, idOf) : null;
  const hasAdded = addedTokens(engine, description);
  let pieces: ReadonlyMap<number, string> | null = null; // made when it is first asked for

  const tokenize = (text: string, atLeast: number): number[] => {
    const found: number[] = [];
    for (const part of inPieces ? parts(text, atLeast) : [text]) {
      if (pushIds && !hasAdded(part)) pushIds(part, found);
      else for (const token of engine.tokenize(part)) found.push(idOf(token));
      if (found.length >= atLeast) break;
    }
    return found;
  };

  return {
    encode(text, pair, maxLength, side = 'right') {
      const template = pair ? templates.pair : templates.single;
      const room = maxLength - template.filter((part) => part.kind === 'special').length;
      if (!(room >= 0)) {
        const todo = `give at least ${maxLength - room}, the number of special tokens, and room for the text`;
        throw new PyramidError('MP_USAGE', { what: `the maximum length is ${maxLength} tokens`, todo });
      }
      const atLeast = side === 'right' ? room + 1 : Infinity;
      let first = tokenize(text, atLeast);
      let second = pair ? tokenize(pair, atLeast) : [];
      if (side === 'right' && first.length > room && second.length > room) {
        // which of the two is longer decides
        first = tokenize(text, Infinity);
        second = tokenize(pair!, Infinity);
      }
      const [n1, n2] = longestFirst(first.length, second.length, room);
      const n = maxLength - room + n1 + n2;
      const result = {
        ids: new Int32Array(n),
        types: new Uint8Array(n),
        truncated: n1 + n2 < first.length + second.length,
      };
      let at = 0;
      for (const part of template) {
        const count = part.kind === 'special' ? 1 : part.kind === 'text' ? n1 : n2;
        result.types.fill(part.type, at, at + count);
        if (part.kind === 'special') result.ids[at] = part.id;
        else {
          const source = part.kind === 'text' ? first : second;
          const from = side === 'right' ? 0 : source.length - count;
          for (let i = 0; i < count; i++) result.ids[at + i] = source[from + i];
        }
        at += count;
      }
      return result;
    },
    piece(id) {
      pieces ??= new Map([...ids].map(([piece, id]) => [id, piece]));
      return pieces.get(id) ?? '';
    },
    vocabularySize: largest(ids.values()) + 1,
    files,
  };
}

const isBert = ({ normalizer, pre_tokenizer: splitter, model }: TokenizerDescription) =>
  normalizer?.type === 'BertNormalizer' && splitter?.type === 'BertPreTokenizer' && model.type === 'WordPiece';

/** Whether the package's pipeline might find an added token in a text, or do more than normalise it. */
function addedTokens(engine: HuggingFaceTokenizer, { added_tokens: tokens }: TokenizerDescription) {
  const { remove_space: trims, do_lowercase_and_remove_accent: folds } = engine as unknown as Record<string, unknown>;
  if (trims || folds || tokens.some(({ normalized, content }) => normalized || content === '')) return () => true;
  if (tokens.length === 0) return () => false;
  const any = new RegExp(tokens.map(({ content }) => content.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'));
  return (text: string) => any.test(text);
}

function normalization({ normalizer }: TokenizerDescription): BertNormalization {
  const lowerCase = normalizer?.lowercase ?? true;
  return {
    cleanText: normalizer?.clean_text ?? true,
    lowerCase,
    stripAccents: normalizer?.strip_accents ?? lowerCase,
    splitIdeographs: normalizer?.handle_chinese_chars ?? true,
  };
}

/**
 * Puts our normaliser, words and WordPiece into the package's pipeline, which goes on finding the added tokens.
 * Gives our WordPiece, where the model is one.
 */
function useOwnParts(
  engine: HuggingFaceTokenizer,
  description: TokenizerDescription,
  ids: ReadonlyMap<string, number>,
): ((word: string) => readonly string[]) | null {
  const { normalizer, pre_tokenizer: splitter, model } = description;
  if (normalizer?.type === 'BertNormalizer') {
    const how = normalization(description);
    engine.normalizer = ((text: string) => normalizeBert(text, how)) as unknown as HuggingFaceTokenizer['normalizer'];
  }
  if (splitter?.type === 'BertPreTokenizer') {
    engine.pre_tokenizer = bertWords as unknown as HuggingFaceTokenizer['pre_tokenizer'];
  }
  engine.post_processor = null;
  if (model.type !== 'WordPiece') return null;
  const cut = wordPieces({
    ids,
    unknown: model.unk_token ?? '[UNK]',
    prefix: model.continuing_subword_prefix ?? '##',
    maxWordLength: model.max_input_chars_per_word ?? 100,
  });
  engine.model!.encode = (words: string[]) => words.flatMap(cut);
  return cut;
}

/**
 * A text in parts that end before white space, so that the start of a long text can be tokenized alone: BERT's words
 * never reach over white space, and neither do its accents.
 */
function* parts(text: string, atLeast: number): Generator<string> {
  const blank = /[ \t\n\r]/g;
  for (let start = 0; start < text.length; ) {
    blank.lastIndex = start + 8 * atLeast + 256;
    const end = blank.lastIndex < text.length ? (blank.exec(text)?.index ?? text.length) : text.length;
    yield text.slice(start, end);
    start = end;
  }
}

function largest(numbers: Iterable<number>): number {
  let result = -1;
  for (const n of numbers) result = Math.max(result, n);
  return result;
}

function tokenizerFromVocabulary(
  files: Readonly<Record<string, string>>,
  config: Readonly<Record<string, unknown>>,
  dir: string,
): Tokenizer {
  const name = (token: string) => {
    const given = config[`${token}_token`] as string | { content: string } | undefined;
    return typeof given === 'object' ? (given?.content ?? '') : given;
  };
  const made = wordPieceFiles(parseVocabulary(files['vocab.txt']), {
    path: pathIn(dir, 'vocab.txt'),
    lowerCase: config.do_lower_case !== false,
    stripAccents: (config.strip_accents as boolean | null | undefined) ?? null,
    splitIdeographs: config.tokenize_chinese_chars !== false,
    modelMaxLength: typeof config.model_max_length === 'number' ? config.model_max_length : 512,
    names: { unk: name('unk'), cls: name('cls'), sep: name('sep'), pad: name('pad'), mask: name('mask') },
  });
  return tokenizerFromFiles({ ...made, ...files }, dir);
}

function json(files: Readonly<Record<string, string>>, name: string, dir: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(files[name]);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not a JSON object');
    return value as Record<string, unknown>;
  } catch (error) {
    throw new PyramidError(
      'MP_MODEL_FILE',
      { path: pathIn(dir, name), problem: (error as Error).message },
      { cause: error },
    );
  }
}
