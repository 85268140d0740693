/** From what the engine found to an answer of our own routes, as an object and as JSON. */

import { shownLabels } from '../../engine/answer.ts';
import { UNSURE } from '../../pyramid/folder/abstention.ts';
import { ranking } from '../../pyramid/logits.ts';
import type { ClassifiedText, ModelCard } from '../served-model.ts';

/**
 * The answer as JSON. Written here, not from an object and a schema: an object puts keys such as "1" before all others,
 * and a schema's pattern of keys passes over those with a line break, but any string is a label.
 */
export function answerJson(card: ModelCard, one: ClassifiedText, topK: number): string {
  const { scores, best, unsure, labels, exit, tokens, truncated, windows, flops, denseFlops } = one;
  const names = namesOf(card);
  const score = (i: number) => (Number.isFinite(scores[i]) ? scores[i] : null); // as JSON has it
  const label = unsure ? JSON.stringify(UNSURE) : names[best];
  const several = labels ? `"labels":${JSON.stringify(labels)},` : '';
  const ran = windows === undefined ? '' : `"windows":${windows},`;
  const answer = `{"label":${label},"score":${score(best)},${several}"exit":${exit},"tokens":[${tokens.join(',')}],"truncated":${truncated},${ran}"flops":${flops},"denseFlops":${denseFlops}`;
  const shown = shownLabels(topK, unsure);
  if (shown <= 1) return `${answer}}`;
  const most = ranking(scores).slice(0, shown);
  return `${answer},"scores":{${most.map((i) => `${names[i]}:${score(i)}`).join(',')}}}`;
}

/** A model's labels as JSON, written once. */
function namesOf(card: ModelCard): readonly string[] {
  const known = written.get(card);
  if (known) return known;
  const names = card.labels.map((label) => JSON.stringify(label));
  written.set(card, names);
  return names;
}
const written = new WeakMap<ModelCard, readonly string[]>();
