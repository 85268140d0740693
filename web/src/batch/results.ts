/**
 * Rows and their answers, column by column, and the view of them that is shown: filtered, sorted, as row numbers. Built
 * for 100,000 rows and more; knows nothing of how it is drawn.
 */
import type { Answer } from '../../../src/engine/index.ts';
import { UNSURE } from '../../../src/pyramid/folder/abstention.ts';
import type { Row } from './row-source.ts';

export interface View {
  /** null: any; where texts have any number of labels, it is one of theirs. */
  readonly label: string | null;
  readonly exit: number | null;
  /** Scores or numbers, both ends included; infinite: no bound. */
  readonly from: number;
  readonly to: number;
  readonly sort: SortKey;
  readonly descending: boolean;
}
export type SortKey = 'row' | 'label' | 'score' | 'exit';

export const everything: View = {
  label: null,
  exit: null,
  from: Number.NEGATIVE_INFINITY,
  to: Number.POSITIVE_INFINITY,
  sort: 'row',
  descending: false,
};

/** Shown where a text that may have any number of labels has none. */
export const NO_LABEL = 'no label';

export interface Result {
  readonly row: Row;
  /** Several are joined by commas; empty: none. */
  readonly label: string;
  /** Of a model that gives a text any number of labels: those of this text. */
  readonly labels?: readonly string[];
  readonly score: number;
  readonly exit: number;
  readonly truncated: boolean;
}

export class Results {
  readonly columns: readonly string[];
  readonly textColumn: number;
  readonly #modelLabels: readonly string[];
  readonly #rows: Row[] = [];
  /** What was answered, in the order in which it was first met: the labels of each answer; #labels are places in it. */
  readonly #sets: (readonly string[])[] = [];
  readonly #places = new Map<string, number>();
  #several = false;
  readonly #labels: number[] = [];
  readonly #scores: number[] = [];
  readonly #exits: number[] = [];
  readonly #truncated = new Set<number>();
  readonly #counts: number[] = [];
  #exitSum = 0;
  #spent = 0;

  /** `modelLabels`: where one of them is called "unsure", that answer is the label. */
  constructor(columns: readonly string[], textColumn: number, modelLabels: readonly string[] = []) {
    this.columns = columns;
    this.#modelLabels = modelLabels;
    this.textColumn = textColumn;
  }

  /** Rows are put in as they are read, ahead of their answers. */
  addRow(row: Row): void {
    this.#rows.push(row);
  }

  /** Answers come in the order of the rows. */
  addAnswer({ label, labels, score, exit, truncated, flops }: Answer): void {
    if (truncated) this.#truncated.add(this.#labels.length);
    if (labels) this.#several = true;
    const isUnsure = label === UNSURE && !this.#modelLabels.includes(UNSURE);
    const set = labels && !isUnsure ? labels : [label];
    const key = set.join('\0');
    let place = this.#places.get(key);
    if (place === undefined) {
      place = this.#sets.push(set) - 1;
      this.#places.set(key, place);
      this.#counts.push(0);
    }
    this.#labels.push(place);
    this.#scores.push(score);
    this.#exits.push(exit);
    this.#counts[place]++;
    this.#exitSum += exit;
    this.#spent += flops;
  }

  /** Rows that are answered. */
  get count(): number {
    return this.#labels.length;
  }

  get meanExit(): number {
    return this.#exitSum / this.count;
  }

  /** Operations, of all rows. */
  get flops(): number {
    return this.#spent;
  }

  /** Texts may have any number of labels. */
  get several(): boolean {
    return this.#several;
  }

  /** Texts by label, most frequent first; a text with several labels counts for each. */
  get labelCounts(): readonly (readonly [string, number])[] {
    const counts = new Map<string, number>();
    for (const [place, set] of this.#sets.entries())
      for (const name of set.length > 0 ? set : [NO_LABEL])
        counts.set(name, (counts.get(name) ?? 0) + this.#counts[place]);
    return [...counts].sort((a, b) => b[1] - a[1]);
  }

  at(index: number): Result {
    const set = this.#sets[this.#labels[index]];
    return {
      row: this.#rows[index],
      label: nameOf(set),
      ...(this.#several && { labels: set }),
      score: this.#scores[index],
      exit: this.#exits[index],
      truncated: this.#truncated.has(index),
    };
  }

  text(index: number): string {
    return this.#rows[index][this.textColumn];
  }

  /** Numbers of the rows that `view` shows, in its order. */
  select({ label, exit, from, to, sort, descending }: View): Uint32Array {
    const wanted = this.#sets.map((set) => label === null || set.includes(label));
    const found = new Uint32Array(this.count);
    let size = 0;
    for (let i = 0; i < this.count; i++) {
      if (!wanted[this.#labels[i]]) continue;
      if (exit !== null && this.#exits[i] !== exit) continue;
      if (this.#scores[i] < from || this.#scores[i] > to) continue;
      found[size++] = i;
    }
    const chosen = found.subarray(0, size);
    switch (sort) {
      case 'row':
        return descending ? chosen.reverse() : chosen;
      case 'score':
        return inOrder(chosen, this.#scores, descending);
      case 'exit':
        return inOrder(chosen, this.#exits, descending);
      case 'label':
        return inOrder(chosen, this.#alphabetical(), descending);
      default:
        return sort satisfies never;
    }
  }

  /** Each row's label as its place in the alphabet of labels. */
  #alphabetical(): number[] {
    const names = this.#sets.map(nameOf);
    const order = new Map([...names].sort().map((name, i) => [name, i]));
    const places = names.map((name) => order.get(name)!);
    return this.#labels.map((label) => places[label]);
  }
}

const nameOf = (set: readonly string[]) => set.join(', ');

/** A key holds 32 bits of a value above 21 of a row's number: 53, as many as a float64 holds whole. */
const MOST_KEYED = 2 ** 21;

/**
 * Rows by value, equal ones by number. A comparator called a million times would hold the page up, so each row becomes
 * a number that sorts as it should (a float32's bits, turned so that they rise with it), and those sort at once.
 */
function inOrder(rows: Uint32Array, values: readonly number[], descending: boolean): Uint32Array {
  if (values.length > MOST_KEYED) {
    const sign = descending ? -1 : 1;
    return rows.sort((a, b) => sign * (values[a] - values[b]) || a - b);
  }
  const value = new Float32Array(1);
  const bits = new Uint32Array(value.buffer);
  // loops, since from() goes through an iterator, which takes as long as the sorting
  const keys = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    value[0] = values[rows[i]];
    const rising = bits[0] >= 2 ** 31 ? 2 ** 32 - 1 - bits[0] : bits[0] + 2 ** 31;
    keys[i] = (descending ? 2 ** 32 - 1 - rising : rising) * MOST_KEYED + rows[i];
  }
  keys.sort();
  for (let i = 0; i < rows.length; i++) rows[i] = keys[i] % MOST_KEYED;
  return rows;
}
