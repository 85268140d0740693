/**
 * Texts to token ids, with the numbers that Hugging Face transformers gives for `truncation=True`: a folder that is
 * accepted is read exactly, any other is refused. Knows nothing of models.
 */
import { PyramidError } from '../../errors.ts';
import { type Folder, pathIn, readText } from '../../folder.ts';
import { bertIds } from './bert-ids.ts';
import { IdList, type IdSink } from './id-list.ts';
import { isObject } from './json-part.ts';
import { wordIds } from './piece-model.ts';
import { tokenizerParts } from './read-parts.ts';
import { type PartsAt, segmentIds } from './segment-ids.ts';
import { longestFirst, type SpecialTokens } from './special-tokens.ts';
import type { TokenizerParts } from './tokenizer-parts.ts';
import { wellFormed } from './unicode-forms.ts';
import type { Around } from './windows.ts';
import { parseVocabulary, wordPieceFiles } from './wordpiece-files.ts';

export interface Encoding {
  readonly ids: Int32Array; // [n]
  /** Token type ids: 0 for the text, 1 for the pair (always 0 where the family has one type). */
  readonly types: Uint8Array; // [n]
  /** Which text a token is of: 0 the first, its special tokens too, 1 the second. Left out: as `types`, see `segmentsOf`. */
  readonly segments?: Uint8Array; // [n]
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
  /** The special tokens around a single text. */
  readonly around: Around;
  /** The piece of text that an id stands for, as the vocabulary writes it ('##ing', '[CLS]'); '' if there is none. */
  piece(id: number): string;
  /** Of pieces of text that the vocabulary does not have; −1 where there is none, as in most byte-level vocabularies. */
  readonly unknownId: number;
  /** Largest id + 1. */
  readonly vocabularySize: number;
  /** Which end of a text is cut off where the caller does not say. */
  readonly truncationSide: 'right' | 'left';
  /** The files it was made from, by name, to be written into a model folder. */
  readonly files: Readonly<Record<string, string>>;
}

/** Which text each token is of, 0 or 1, whatever its token type. */
export const segmentsOf = ({ types, segments }: Pick<Encoding, 'types' | 'segments'>): Uint8Array => segments ?? types;

/** How many of the first `n` ids (all, where left out) are unknown pieces. */
export function unknownIn(ids: Int32Array, { unknownId }: Pick<Tokenizer, 'unknownId'>, n = ids.length): number {
  let count = 0;
  for (let i = 0; i < n; i++) if (ids[i] === unknownId) count++;
  return count;
}

const CONFIG = 'tokenizer_config.json';
/** Not looked at where tokenizer_config.json has all added tokens, as transformers has it. */
const OLDER = ['special_tokens_map.json', 'added_tokens.json'] as const;

/** The tokenizer class of a model type whose files may leave it out, where it is not BERT's. */
const CLASS_OF: ReadonlyMap<unknown, string> = new Map([
  ['deberta-v2', 'DebertaV2Tokenizer'],
  ['roberta', 'RobertaTokenizer'],
  ['xlm-roberta', 'XLMRobertaTokenizer'],
  ['mpnet', 'MPNetTokenizer'],
  ['modernbert', 'PreTrainedTokenizerFast'],
]);

/** What of config.json tells how the files are read. */
export interface TokenizerHints {
  readonly model_type?: unknown;
  readonly tokenizer_class?: unknown;
}

/**
 * The tokenizer of a model folder: from tokenizer.json, or from vocab.txt where there is no such file.
 * @param all reads the files too that other programs need alone
 * @throws MP_FILE_MISSING if there is neither, MP_MODEL_FILE if one does not hold what it should, MP_MODEL_TOKENIZER if
 *   one holds what is not read exactly
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
  await read(['tokenizer.json', CONFIG]);
  if (all || files['tokenizer.json'] === undefined) await read(['vocab.txt']);
  if (files['tokenizer.json'] === undefined && files['vocab.txt'] === undefined) await refuseOthers(folder);
  const config = objectIn(files[CONFIG]);
  if (all || (config.added_tokens_decoder ?? null) === null) await read(OLDER);
  const hints = config.tokenizer_class ? {} : objectIn((await readText(folder, 'config.json')) ?? undefined);
  return tokenizerFromFiles(files, folder.path, hints);
}

/** Other files of a vocabulary than those that are read, with how to make one that is. */
async function refuseOthers(folder: Folder): Promise<void> {
  for (const name of ['sentencepiece.bpe.model', 'spm.model', 'vocab.json']) {
    if (!(await folder.has(name))) continue;
    const todo =
      'run AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER) once with transformers, which writes a tokenizer.json';
    throw new PyramidError('MP_MODEL_TOKENIZER', { path: pathIn(folder.path, name), part: 'this file', todo });
  }
}

/** A file's object; {} where it has none, which is told where the file is needed. */
function objectIn(content: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(content ?? '{}');
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/**
 * The tokenizer that these files describe (contents by name, as in a model folder).
 * @param dir where they lie, for messages
 * @throws as `tokenizerOf`
 */
export function tokenizerFromFiles(
  given: Readonly<Record<string, string>>,
  dir = 'tokenizer',
  hints: TokenizerHints = {},
): Tokenizer {
  const files = withClass(given, hints);
  const path = (name: string) => pathIn(dir, name);
  if (!files['tokenizer.json'] && !files['vocab.txt'])
    throw new PyramidError('MP_FILE_MISSING', { path: dir, what: 'tokenizer.json or vocab.txt' });
  const parts = tokenizerParts({ files, path });
  const made = files['tokenizer.json'] ? {} : filesFor(parts, files['vocab.txt']);
  return makeTokenizer(parts, { ...made, ...files });
}

/** A class that config.json names goes into tokenizer_config.json, so that the files say the same in another folder. */
function withClass(files: Readonly<Record<string, string>>, hints: TokenizerHints): Readonly<Record<string, string>> {
  const { tokenizer_class: found } = hints;
  const name = typeof found === 'string' ? found : (CLASS_OF.get(hints.model_type) ?? null);
  const config = objectIn(files[CONFIG]);
  // a damaged file is told by who reads it
  if (name === null || config.tokenizer_class || (files[CONFIG] && Object.keys(config).length === 0)) return files;
  return { ...files, [CONFIG]: JSON.stringify({ ...config, tokenizer_class: name }, null, 2) };
}

/** The files that other programs need, from a vocab.txt. */
function filesFor({ names, bert, added }: TokenizerParts, vocabulary: string): Readonly<Record<string, string>> {
  const { lowerCase, stripAccents, splitIdeographs } = bert!;
  return wordPieceFiles(parseVocabulary(vocabulary), {
    lowerCase,
    stripAccents,
    splitIdeographs,
    names: Object.fromEntries(names),
    added,
  });
}

function makeTokenizer(parts: TokenizerParts, files: Readonly<Record<string, string>>): Tokenizer {
  const { model, bert, words, given, normalized, normalize, templates } = parts;
  const pushWord = wordIds(model.idsOf, parts.byteLetters);
  const pushWords = (text: string, into: IdSink) => {
    if (text === '') return; // no mark or blank is put before nothing
    for (const word of words(text)) pushWord(word, into);
  };
  const pushAny = (text: string, into: IdSink) => pushWords(normalize(wellFormed(text)), into);
  /** A text without tokens that are looked for as given. */
  const pushPlain = bert
    ? bertIds(bert, model.idsOf, pushWord)
    : parts.partsAt
      ? segmentIds(pushAny, parts.partsAt)
      : pushAny;
  const pushText = (text: string, into: IdSink) => {
    if (!normalized) return pushPlain(text, into);
    const ready = normalize(wellFormed(text));
    if (!normalized.any(ready)) return pushPlain(text, into);
    for (const part of normalized.parts(ready)) {
      if (typeof part === 'number') into.push(part);
      else pushWords(part, into);
    }
  };
  const push = (text: string, into: IdSink) => {
    if (!given?.any(text)) return pushText(text, into);
    for (const part of given.parts(text)) {
      if (typeof part === 'number') into.push(part);
      else pushText(part, into);
    }
  };
  const nextPart =
    bert && !parts.patternsHaveBlanks
      ? nextBlank
      : parts.partsAt && !parts.tokensCrossParts
        ? nextSegment(parts.partsAt)
        : null;
  const tokenize = (text: string, atLeast: number, found: IdList): void => {
    found.clear();
    for (const part of nextPart ? textParts(text, atLeast, nextPart) : [text]) {
      push(part, found);
      if (found.length >= atLeast) break;
    }
  };
  const typesTell = parts.typed && typesTellTexts(templates.pair);
  // used again for each text
  const first = new IdList();
  const second = new IdList();
  let byId: ReadonlyMap<number, string> | null = null; // made when it is first asked for

  return {
    encode(text, pair, maxLength, side = parts.truncationSide) {
      const template = pair ? templates.pair : templates.single;
      const room = roomIn(template, maxLength);
      if (!(room >= 0)) {
        const todo = `give at least ${maxLength - room}, the number of special tokens, and room for the text`;
        throw new PyramidError('MP_USAGE', { what: `the maximum length is ${maxLength} tokens`, todo });
      }
      const atLeast = side === 'right' ? room + 1 : Infinity;
      tokenize(text, atLeast, first);
      if (pair) tokenize(pair, atLeast, second);
      else second.clear();
      if (side === 'right' && first.length > room && second.length > room) {
        // which of the two is longer decides
        tokenize(text, Infinity, first);
        tokenize(pair!, Infinity, second);
      }
      const [n1, n2] = longestFirst(first.length, second.length, room);
      const n = maxLength - room + n1 + n2;
      const types = new Uint8Array(n);
      const result = {
        ids: new Int32Array(n),
        types,
        truncated: n1 + n2 < first.length + second.length,
        ...(pair && !typesTell && { segments: new Uint8Array(n) }),
      };
      let at = 0;
      let isSecond = 0;
      for (const part of template) {
        const count = part.kind === 'special' ? 1 : part.kind === 'text' ? n1 : n2;
        if (part.kind === 'pair') isSecond = 1;
        if (parts.typed) types.fill(part.type, at, at + count);
        result.segments?.fill(isSecond, at, at + count);
        if (part.kind === 'special') result.ids[at] = part.id;
        else {
          const source = part.kind === 'text' ? first : second;
          const from = side === 'right' ? 0 : source.length - count;
          result.ids.set(source.part(from, from + count), at);
        }
        at += count;
      }
      return result;
    },
    around: aroundText(templates.single),
    piece(id) {
      byId ??= new Map([
        ...[...model.ids].map(([piece, id]) => [id, piece] as const),
        ...parts.added.map(({ content, id }) => [id, content] as const),
      ]);
      return byId.get(id) ?? '';
    },
    unknownId: model.unknownId,
    truncationSide: parts.truncationSide,
    vocabularySize: 1 + largest([...model.ids.values(), ...parts.added.map(({ id }) => id), ...specialIds(templates)]),
    files,
  };
}

/** How many tokens of texts fit between the special ones. */
function roomIn(template: SpecialTokens['single'], maxLength: number): number {
  let room = maxLength;
  for (const { kind } of template) if (kind === 'special') room--;
  return room;
}

function aroundText(template: SpecialTokens['single']): Around {
  const before = template.findIndex(({ kind }) => kind === 'text');
  return { before, after: template.length - before - 1 };
}

/** Whether a pair's token types are 0 up to the second text and 1 from there on. */
function typesTellTexts(template: SpecialTokens['pair']): boolean {
  const second = template.findIndex(({ kind }) => kind === 'pair');
  return template.every(({ type }, i) => type === Number(i >= second));
}

const specialIds = ({ single, pair }: SpecialTokens) =>
  [...single, ...pair].flatMap((part) => (part.kind === 'special' ? [part.id] : []));

/** A text in parts that end where `next` says, so that the start of a long text can be tokenized alone. */
function* textParts(text: string, atLeast: number, next: (text: string, from: number) => number): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const least = start + 8 * atLeast + 256;
    const end = least < text.length ? next(text, least) : text.length;
    yield text.slice(start, end);
    start = end;
  }
}

/** BERT's words never reach over white space, and neither do its accents. */
function nextBlank(text: string, from: number): number {
  const blank = /[ \t\n\r]/g;
  blank.lastIndex = from;
  return blank.exec(text)?.index ?? text.length;
}

const nextSegment =
  (partsAt: PartsAt) =>
  (text: string, from: number): number => {
    let at = from;
    while (at < text.length && !partsAt(text, at)) at++;
    return at;
  };

function largest(numbers: Iterable<number>): number {
  let result = -1;
  for (const n of numbers) result = Math.max(result, n);
  return result;
}
