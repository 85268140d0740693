/**
 * Byte-pair encoding: a word's characters are pieces, and of neighbouring pieces the pair that was learned first is merged,
 * over and over. Source: Sennrich et al. 2016 (https://arxiv.org/abs/1508.07909) and Hugging Face's Rust tokenizers (BPE).
 * Knows nothing of how a text becomes words.
 */
import TinyQueue from 'tinyqueue';
import { type JsonPart, named } from './json-part.ts';
import type { PieceModel } from './piece-model.ts';

/** Separates the ids of a pair in one number, and a merge's rank from its place. */
const PAIR = 2 ** 26;
const PLACE = 2 ** 31;
/** Below 2^53 with a place. */
const MAX_MERGES = 2 ** 21;

interface Merges {
  /** By left · PAIR + right: the order in which pairs are merged, the smallest first. */
  readonly ranks: ReadonlyMap<number, number>;
  /** By rank: what comes of the pair. */
  readonly made: Int32Array;
}

/** @throws MP_MODEL_FILE for a damaged model, MP_MODEL_TOKENIZER for what is not read exactly */
export function mergeModel(model: JsonPart, ids: ReadonlyMap<string, number>): PieceModel {
  const dropout = model.value('dropout');
  if (dropout !== undefined && dropout !== 0) throw model.unread('the model "BPE" with a dropout');
  for (const key of ['continuing_subword_prefix', 'end_of_word_suffix']) {
    if (model.text(key, '') !== '') throw model.unread(`the model "BPE" with a ${key}`);
  }
  if (new Set(ids.values()).size !== ids.size) throw model.unread('the model "BPE" with two pieces of one id');
  for (const id of ids.values()) if (id >= PAIR) throw model.unread(`the model "BPE" with the id ${id}`);
  const unknown = model.has('unk_token') ? model.text('unk_token') : null;
  const unknownId = unknown === null ? -1 : (ids.get(unknown) ?? -1);
  if (unknown !== null && unknownId < 0) throw model.damaged(`there is no piece ${named(unknown)}`);
  const fuses = model.flag('fuse_unk', false);
  const wholeFirst = model.flag('ignore_merges', false);
  const bytes = model.flag('byte_fallback', false) ? byteIds(ids) : null;
  const merges = mergesOf(model, ids);

  return {
    ids,
    unknownId,
    idsOf(word) {
      const whole = wholeFirst ? ids.get(word) : undefined;
      if (whole !== undefined) return [whole];
      const symbols: number[] = [];
      let waiting = false; // an unknown piece that is not yet among the symbols
      for (const letter of word) {
        const id = ids.get(letter);
        if (id !== undefined) {
          if (waiting) symbols.push(unknownId);
          waiting = false;
          symbols.push(id);
          continue;
        }
        const inBytes = bytes?.(letter);
        if (inBytes) {
          symbols.push(...inBytes); // before an unknown one that waits, as the reference has it
          continue;
        }
        if (unknownId < 0) continue;
        if (waiting && !fuses) symbols.push(unknownId);
        waiting = true;
      }
      if (waiting) symbols.push(unknownId);
      return merged(symbols, merges);
    },
  };
}

/** The ids of a letter's bytes ('<0x0A>'), or null where the vocabulary lacks one of them. */
export function byteIds(ids: ReadonlyMap<string, number>): (letter: string) => readonly number[] | null {
  const of = Array.from({ length: 256 }, (_, byte) =>
    ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
  );
  const encoder = new TextEncoder();
  return (letter) => {
    const found = Array.from(encoder.encode(letter), (byte) => of[byte]);
    return found.every((id) => id !== undefined) ? found : null;
  };
}

function mergesOf(model: JsonPart, ids: ReadonlyMap<string, number>): Merges {
  const given = model.value('merges');
  if (!Array.isArray(given)) throw model.damaged(`${model.at('merges')} is not a list`);
  // a list of lines may begin with the head of merges.txt
  const list: readonly unknown[] = given.filter((line) => typeof line !== 'string' || !line.startsWith('#version'));
  if (list.length >= MAX_MERGES) throw model.unread(`the model "BPE" with ${list.length} merges`);
  const ranks = new Map<number, number>();
  const made = new Int32Array(list.length);
  for (const [rank, item] of list.entries()) {
    const pair: readonly unknown[] = typeof item === 'string' ? item.split(' ') : Array.isArray(item) ? item : [];
    const [left, right] = pair;
    if (pair.length !== 2 || typeof left !== 'string' || typeof right !== 'string')
      throw model.damaged(`${model.at('merges')}[${rank}] is not a pair`);
    const [a, b, together] = [left, right, left + right].map((piece) => ids.get(piece));
    if (a === undefined || b === undefined || together === undefined)
      throw model.damaged(`${model.at('merges')}[${rank}] has a piece that is not in the vocabulary`);
    ranks.set(a * PAIR + b, rank); // of a pair that comes twice the last counts
    made[rank] = together;
  }
  return { ranks, made };
}

/** The symbols after all merges: the lowest rank first, of equal ones the leftmost. */
function merged(symbols: readonly number[], { ranks, made }: Merges): readonly number[] {
  const count = symbols.length;
  if (count < 2) return symbols;
  const ids = Int32Array.from(symbols);
  const next = Int32Array.from({ length: count }, (_, i) => i + 1);
  const before = Int32Array.from({ length: count }, (_, i) => i - 1);
  const queue = new TinyQueue<number>([], (a, b) => a - b);
  const rankAt = (at: number): number | undefined =>
    next[at] < count ? ranks.get(ids[at] * PAIR + ids[next[at]]) : undefined;
  const offer = (at: number) => {
    const rank = rankAt(at);
    if (rank !== undefined) queue.push(rank * PLACE + at);
  };
  for (let i = 0; i + 1 < count; i++) offer(i);
  for (let top = queue.pop(); top !== undefined; top = queue.pop()) {
    const at = top % PLACE;
    // −1: merged into the one before it; another rank: one of the two has been merged since
    if (ids[at] < 0 || rankAt(at) !== Math.floor(top / PLACE)) continue;
    const right = next[at];
    ids[at] = made[Math.floor(top / PLACE)];
    ids[right] = -1;
    next[at] = next[right];
    if (next[at] < count) before[next[at]] = at;
    if (before[at] >= 0) offer(before[at]);
    offer(at);
  }
  const result: number[] = [];
  for (let at = 0; at < count; at = next[at]) result.push(ids[at]);
  return result;
}
