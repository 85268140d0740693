/**
 * Added tokens: which there are, under which ids, and where they stand in a text. Ids and places are those of Hugging
 * Face's Rust tokenizers (AddedVocabulary): the id in a file counts for nothing, a token that the vocabulary has keeps
 * its id and any other gets the next free one; of tokens that begin at one place the longest is found. Knows nothing of
 * files and models.
 */
import { WHITE_SPACE, WORD_LETTER } from './unicode-forms.ts';

export interface AddedToken {
  readonly content: string;
  /** Only where no letter stands right before or after it. */
  readonly singleWord: boolean;
  /** Takes the white space before it. */
  readonly lstrip: boolean;
  /** Takes the white space after it. */
  readonly rstrip: boolean;
  /** Looked for in the normalised text, itself normalised; otherwise in the text as it was given. */
  readonly normalized: boolean;
  readonly special: boolean;
}

export interface PlacedToken extends AddedToken {
  readonly id: number;
}

/** The added tokens over a vocabulary, as they are added one batch after the other. */
export class AddedVocabulary {
  readonly #tokens = new Map<string, PlacedToken>();
  readonly #vocabulary: ReadonlyMap<string, number>;

  constructor(vocabulary: ReadonlyMap<string, number>) {
    this.#vocabulary = vocabulary;
  }

  /**
   * Adds tokens; of one that is there already the flags are replaced.
   * Gives a token that changed `normalized`, which the versions of the reference read differently, or null.
   */
  add(batch: Iterable<AddedToken>): AddedToken | null {
    let largest = -1;
    for (const { id } of this.#tokens.values()) largest = Math.max(largest, id);
    let next = Math.max(largest + 1, this.#vocabulary.size);
    let changed: AddedToken | null = null;
    for (const token of batch) {
      if (token.content === '') continue;
      const before = this.#tokens.get(token.content);
      if (before && before.normalized !== token.normalized) changed ??= token;
      const id = before?.id ?? this.#vocabulary.get(token.content) ?? next++;
      this.#tokens.set(token.content, { ...token, special: token.special || before?.special === true, id });
    }
    return changed;
  }

  has(content: string): boolean {
    return this.#tokens.has(content);
  }

  get(content: string): PlacedToken | undefined {
    return this.#tokens.get(content);
  }

  get tokens(): readonly PlacedToken[] {
    return [...this.#tokens.values()];
  }
}

export interface TokenFinder {
  /** Whether a token may stand in the text. */
  any(text: string): boolean;
  /** The text in order: ids of the tokens found, and what stands between them. */
  parts(text: string): readonly (string | number)[];
}

interface Node {
  readonly next: Map<number, Node>;
  token?: PlacedToken;
}

/** A regular expression tells quickly that none of a few tokens is there; of many the search itself does. */
const FEW = 64;

/**
 * Finds tokens by their patterns (no two alike, none empty).
 * @param skipped tokens that are found and then passed over, as text
 */
export function tokenFinder(
  patterns: ReadonlyMap<string, PlacedToken>,
  skipped: (token: PlacedToken) => boolean = () => false,
): TokenFinder | null {
  if (patterns.size === 0) return null;
  const root: Node = { next: new Map() };
  for (const [pattern, token] of patterns) {
    let node = root;
    for (let i = 0; i < pattern.length; i++) {
      const code = pattern.charCodeAt(i);
      let next = node.next.get(code);
      if (!next) {
        next = { next: new Map() };
        node.next.set(code, next);
      }
      node = next;
    }
    node.token = token;
  }
  const few = patterns.size <= FEW ? new RegExp([...patterns.keys()].map(escaped).join('|')) : null;

  /** The longest token that begins at `at`, and where it ends. */
  const longest = (text: string, at: number): { token: PlacedToken; end: number } | null => {
    let found: { token: PlacedToken; end: number } | null = null;
    let node = root.next.get(text.charCodeAt(at));
    for (let end = at + 1; node; end++) {
      if (node.token) found = { token: node.token, end };
      node = end < text.length ? node.next.get(text.charCodeAt(end)) : undefined;
    }
    return found;
  };

  return {
    any(text) {
      if (few) return few.test(text);
      for (let at = 0; at < text.length; at++) if (longest(text, at)) return true;
      return false;
    },
    parts(text) {
      const result: (string | number)[] = [];
      let done = 0; // up to here the text is in `result`
      for (let at = 0; at < text.length; ) {
        const hit = longest(text, at);
        if (!hit) {
          at++;
          continue;
        }
        const { token, end } = hit;
        const start = at;
        at = end; // a token that does not count hides those inside it all the same
        if (skipped(token)) continue;
        if (token.singleWord && (letterBefore.test(text.slice(Math.max(0, start - 2), start)) || letterAt(text, end)))
          continue;
        const from = token.lstrip ? Math.max(blanksBefore(text, start, done), done) : start;
        if (done < from) result.push(text.slice(done, from));
        result.push(token.id);
        done = token.rstrip ? blanksAfter(text, end) : end;
      }
      if (done < text.length) result.push(text.slice(done));
      return result;
    },
  };
}

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

const letterBefore = new RegExp(`[${WORD_LETTER}]$`, 'v');
const letterAfter = new RegExp(`^[${WORD_LETTER}]`, 'v');
const blank = new RegExp(`[${WHITE_SPACE}]`, 'v'); // all in the basic plane

const letterAt = (text: string, at: number) => letterAfter.test(text.slice(at, at + 2));

function blanksBefore(text: string, at: number, least: number): number {
  let from = at;
  while (from > least && blank.test(text[from - 1])) from--;
  return from;
}

function blanksAfter(text: string, at: number): number {
  let to = at;
  while (to < text.length && blank.test(text[to])) to++;
  return to;
}
