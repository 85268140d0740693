/**
 * Texts as floor 0 reads them: further than the network does, so that they are tokenised anew, and kept as numbers in shared
 * memory, which the thread that trains has without a copy. Knows nothing of labels.
 */
import { setImmediate } from 'node:timers/promises';
import { type Floor, type FloorReading, floorLength } from '../../pyramid/floor/index.ts';
import type { Example } from '../../text/example.ts';
import type { Tokenizer } from '../../text/index.ts';
import { type FloorRows, rowCount, rowIds } from './floor-rows.ts';
import { FloorRowsWriter } from './floor-rows-writer.ts';

export interface FloorTextsOptions {
  readonly pairs: boolean;
  /** How many texts there are. */
  readonly count: number;
  readonly maxTokens: FloorReading['maxTokens'];
  /** Texts that are done. */
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** Texts between two looks at the signal. */
const STRIDE = 500;

/** Each text is asked for once, in order, and not held. Rejects with the signal's reason if that is aborted. */
export async function floorTexts(
  tokenizer: Pick<Tokenizer, 'encode'>,
  texts: Iterable<Pick<Example, 'text' | 'pair'>>,
  { pairs, count, maxTokens, onProgress, signal }: FloorTextsOptions,
): Promise<FloorRows> {
  const most = floorLength({ maxTokens });
  const rows = new FloorRowsWriter(count, pairs);
  let done = 0;
  for (const { text, pair } of texts) {
    if (done % STRIDE === 0) {
      await setImmediate();
      signal?.throwIfAborted();
      onProgress?.(done);
    }
    rows.add(tokenizer.encode(text, pair, most));
    done++;
  }
  onProgress?.(count);
  return rows.rows();
}

/** z_0 [C] of each row; null where it has no feature. */
export function floorLogits(floor: Floor, rows: FloorRows): (number[] | null)[] {
  const { starts, seconds } = rows;
  return Array.from({ length: rowCount(rows) }, (_, i) => {
    const second = seconds ? seconds[i] - starts[i] : undefined;
    const z0 = floor.logits(rowIds(rows, i), second);
    return z0 ? Array.from(z0) : null;
  });
}
