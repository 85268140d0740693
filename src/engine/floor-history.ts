/** What z_0 of a text is made of, piece by piece of what the network gets, for explaining. Allocates. */
import { byToken, type Floor, secondOf } from '../pyramid/floor/index.ts';
import type { Encoding } from '../text/tokenizer/tokenizer.ts';
import type { FloorHistory } from './job.ts';

/** `read` is the text as floor 0 reads it, `shown` as the network gets it: the same, or cut at its end. */
export function floorHistory(floor: Floor, read: Encoding, shown: Encoding): FloorHistory {
  const labels = floor.info.labels;
  const zeros = () => new Array<number>(labels).fill(0);
  const parts = floor.contributions(read.ids, secondOf(read)) ?? [];
  const tokens = byToken(parts, read.ids.length, labels);
  const contributions = Array.from(shown.ids, zeros);
  const beyond = zeros();
  for (let token = 0; token < read.ids.length; token++) {
    const at = placeOf(read, shown, token);
    const into = at < 0 ? beyond : contributions[at];
    for (let c = 0; c < labels; c++) into[c] += tokens[token * labels + c];
  }
  const figures = parts.flatMap(({ figure, logits }) =>
    figure === undefined ? [] : [{ name: figure, logits: Array.from(logits) }],
  );
  return { contributions, beyond, bias: Array.from(floor.bias), figures };
}

/**
 * Where a token of `read` stands in `shown`; −1 if it was cut off. Each text of a pair is cut at its end, where a special
 * token follows: that has another id, or is one that no n-gram has.
 */
function placeOf(read: Encoding, shown: Encoding, token: number): number {
  const second = secondOf(read);
  const from = secondOf(shown);
  const isSecond = token >= second;
  const at = isSecond ? from + token - second : token;
  const end = isSecond ? shown.ids.length : from;
  return at < end && shown.ids[at] === read.ids[token] ? at : -1;
}
