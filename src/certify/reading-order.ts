/**
 * The order in which the rows are read for a bet. It hangs on a seed and on what the rows are, never on how a file is sorted: rows
 * that somebody ordered by label or difficulty would make the bets invalid, and an order that could be picked could be tuned.
 */
import type { Trace } from '../evaluate/trace.ts';
import { hash, randomStream } from '../random.ts';

/**
 * Indices of the rows [n], in the order to be read. The rows are put in an order of their own first (by their content; equal rows
 * are alike to every test) and then shuffled by `seed` and by all of them together, so that another file is another shuffle.
 */
export function readingOrder({ entries }: Pick<Trace, 'entries'>, seed: number): number[] {
  const content = entries.map(({ label, length, tokens, logits, floor }) =>
    JSON.stringify([label, length, tokens, logits, floor]),
  );
  const order = entries
    .map((_, i) => i)
    .sort((a, b) => (content[a] < content[b] ? -1 : content[a] > content[b] ? 1 : 0));
  const all = order.reduce((sum, i) => hash(`${sum}/${content[i]}`), 0);
  return randomStream(seed, 'reading order', all).shuffle(order);
}

/** `values` in the order of `order`. */
export const inOrder = (values: Int8Array, order: readonly number[]): Int8Array =>
  Int8Array.from(order, (i) => values[i]);
