/** What an exit says of a text: its likeliest label, or every label whose score reaches its threshold, which may be none. */
import type { EngineInfo } from '../../../src/web/page-engine.ts';

export interface Said {
  readonly label: string;
  /** null: no label is reached, so there is no score. */
  readonly score: number | null;
}

/** In the model's order; one at least. `scores`: of every label. */
export function said(
  scores: Readonly<Record<string, number>>,
  { labels, labelThresholds }: Pick<EngineInfo, 'labels' | 'labelThresholds'>,
): readonly Said[] {
  if (!labelThresholds) {
    const [label, score] = Object.entries(scores).reduce((best, one) => (one[1] > best[1] ? one : best));
    return [{ label, score }];
  }
  const reached = labels.filter((name, i) => scores[name] >= labelThresholds[i]);
  return reached.length > 0
    ? reached.map((label) => ({ label, score: scores[label] }))
    : [{ label: 'no label', score: null }];
}

/** 'sport, 0.81, travel, 0.62' for screen readers. */
export const saidText = (all: readonly Said[]): string =>
  all.flatMap(({ label, score }) => (score === null ? label : [label, score.toFixed(2)])).join(', ');
