/**
 * Texts as floor 0 reads them: further than the network does, so that they are tokenised anew, and kept as numbers in shared
 * memory, which the thread that trains has without a copy. Knows nothing of labels.
 */
import { setImmediate } from 'node:timers/promises';
import { type Floor, type FloorReading, floorLength, secondOf } from '../../pyramid/floor/index.ts';
import type { Example } from '../../text/example.ts';
import type { Tokenizer } from '../../text/index.ts';
import { type FloorRows, rowCount } from './floor-rows.ts';

export interface FloorTextsOptions {
  readonly pairs: boolean;
  readonly maxTokens: FloorReading['maxTokens'];
  /** Texts that are done. */
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** Texts between two looks at the signal. */
const STRIDE = 500;

/** Rejects with the signal's reason if that is aborted. */
export async function floorTexts(
  tokenizer: Pick<Tokenizer, 'encode'>,
  examples: readonly Pick<Example, 'text' | 'pair'>[],
  { pairs, maxTokens, onProgress, signal }: FloorTextsOptions,
): Promise<FloorRows> {
  const most = floorLength({ maxTokens });
  const starts = new Int32Array(new SharedArrayBuffer(4 * (examples.length + 1)));
  const seconds = pairs ? new Int32Array(new SharedArrayBuffer(4 * examples.length)) : null;
  let ids = new Int32Array(64 * examples.length);
  for (const [i, { text, pair }] of examples.entries()) {
    if (i % STRIDE === 0) {
      await setImmediate();
      signal?.throwIfAborted();
      onProgress?.(i);
    }
    const encoding = tokenizer.encode(text, pair, most);
    const from = starts[i];
    const to = from + encoding.ids.length;
    if (to > ids.length) {
      const larger = new Int32Array(Math.ceil(1.5 * to));
      larger.set(ids);
      ids = larger;
    }
    ids.set(encoding.ids, from);
    starts[i + 1] = to;
    if (seconds) seconds[i] = from + secondOf(encoding);
  }
  onProgress?.(examples.length);
  const shared = new Int32Array(new SharedArrayBuffer(4 * starts[examples.length]));
  shared.set(ids.subarray(0, starts[examples.length]));
  return { ids: shared, starts, seconds };
}

/** z_0 [C] of each row; null where it has no feature. */
export function floorLogits(floor: Floor, rows: FloorRows): (number[] | null)[] {
  const { ids, starts, seconds } = rows;
  return Array.from({ length: rowCount(rows) }, (_, i) => {
    const second = seconds ? seconds[i] - starts[i] : undefined;
    const z0 = floor.logits(ids.subarray(starts[i], starts[i + 1]), second);
    return z0 ? Array.from(z0) : null;
  });
}
