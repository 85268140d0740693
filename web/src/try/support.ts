/**
 * How much something speaks for or against a label at floor 0: what it adds to the label's logit beyond what it adds to all
 * labels on average, since a shift of all alike changes no score.
 */
export function supportFor(logits: readonly number[], label: number): number {
  const mean = logits.reduce((sum, z) => sum + z, 0) / logits.length;
  return logits[label] - mean;
}

/** The class that colours it, and what a screen reader is told. */
export const sideOf = (support: number): 'for' | 'against' | '' => {
  if (support === 0) return '';
  return support > 0 ? 'for' : 'against';
};

/** '+0.42', '−0.07' */
export const signed = (value: number): string => {
  const text = Math.abs(value).toFixed(2);
  if (Number(text) === 0) return text;
  return `${value < 0 ? '−' : '+'}${text}`;
};
