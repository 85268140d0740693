/** The temperature that makes scores of rows that were not learned from as sure as they are right: one factor s, no answer changes. */
import { meanLogLoss, type Truth } from './log-loss.ts';

const LEAST = 0.05;
const MOST = 20;
const STEPS = 60;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * s that minimises the log-loss of s · z. It is convex in s, so that a golden-section search over ln s finds it.
 * @param logits [n, C]
 */
export function temperatureOf(logits: Float64Array, truth: Truth, classes: number): number {
  const loss = (logS: number) => meanLogLoss(logits, truth, classes, Math.exp(logS));
  let low = Math.log(LEAST);
  let high = Math.log(MOST);
  let a = high - GOLDEN * (high - low);
  let b = low + GOLDEN * (high - low);
  let [lossA, lossB] = [loss(a), loss(b)];
  for (let i = 0; i < STEPS && high - low > 1e-4; i++) {
    if (lossA <= lossB) {
      [high, b, lossB] = [b, a, lossA];
      a = high - GOLDEN * (high - low);
      lossA = loss(a);
    } else {
      [low, a, lossA] = [a, b, lossB];
      b = low + GOLDEN * (high - low);
      lossB = loss(b);
    }
  }
  return Math.exp((low + high) / 2);
}
