/**
 * A model's dial set in several ways for the same allowed drop, each judged on test rows: certified, as training chooses where
 * it cannot certify, as the paper's tables choose, and read off the test rows themselves. The drop is counted from the same
 * network run to the end. Pure functions of traces.
 */
import { chooseCautiously } from '../certify/index.ts';
import { type CountOptions, cheapest, judge, type Summary, type Trace, tradeoff } from '../evaluate/index.ts';
import { type QualityName, qualityName, qualityOf } from '../evaluate/quality.ts';
import { randomStream } from '../random.ts';
import { certifyDrop } from '../train/trace/set-dial.ts';

/**
 * `certified`: on rows kept apart. `certified-halves`: on one half of the test rows and judged on the other, both ways round.
 * `cautious`: chosen on the validation rows, estimated drop plus two standard errors. `chosen`: on the validation rows, the
 * estimate alone. `read-off`: on the test rows, which flatters.
 */
export type DialWay = 'certified' | 'certified-halves' | 'cautious' | 'chosen' | 'read-off';

export interface DialPoint {
  readonly way: DialWay;
  /** Rows that one tau was set on. */
  readonly rows: number;
  /** One, or one a half; null: off. */
  readonly taus: readonly (number | null)[];
  /** Of the test rows, each at a tau that it had no part in setting, but for `read-off`. */
  readonly accuracy: number;
  /** What that is, where it is not accuracy; of halves the mean of two. */
  readonly figure?: QualityName;
  /** Accuracy lost there against the same network run to the end; below 0 it gains. */
  readonly drop: number;
  readonly speedup: Summary['speedup'];
}

export interface DialTraces {
  readonly validation: Trace;
  readonly calibration: Trace | null;
  readonly test: Trace;
}

export interface DialTerms extends Pick<CountOptions, 'dense'> {
  readonly maxDrop: number;
  readonly confidence: number;
  readonly by: 'actual' | 'paper';
  readonly seed: number;
}

/** Of a model with exits, in the order of a table. */
export function dialPoints(traces: DialTraces, terms: DialTerms): DialPoint[] {
  const { validation, calibration, test } = traces;
  const { maxDrop, by, dense } = terms;
  const ofTest = (way: DialWay, rows: number, tau: number | null) => point(way, rows, [{ trace: test, tau }], dense);
  const fastest = (trace: Trace) => {
    const curve = tradeoff(trace, { dense });
    return cheapest(curve, qualityOf(curve[0]) - maxDrop, by).tau;
  };
  const [one, other] = halves(test, terms.seed);
  const certified =
    calibration !== null
      ? ofTest('certified', calibration.entries.length, certifiedTau(calibration, terms))
      : point(
          'certified-halves',
          one.entries.length,
          [
            { trace: other, tau: certifiedTau(one, terms) },
            { trace: one, tau: certifiedTau(other, terms) },
          ],
          dense,
        );
  const { length } = validation.entries;
  return [
    certified,
    ofTest('cautious', length, chooseCautiously(validation, { maxDrop, by, dense }).tau),
    ofTest('chosen', length, fastest(validation)),
    ofTest('read-off', test.entries.length, fastest(test)),
  ];
}

const certifiedTau = (trace: Trace, terms: DialTerms): number | null =>
  // numbers are neither right nor wrong
  trace.answers?.problemType === 'regression' ? null : (certifyDrop(trace, terms)?.certificate.tau ?? null);

/** By the seed; the first has the odd row. */
export function halves(trace: Trace, seed: number): [Trace, Trace] {
  const order = randomStream(seed, 'halves of the test rows').shuffle([...trace.entries.keys()]);
  const first = new Set(order.slice(0, Math.ceil(order.length / 2)));
  const part = (inside: boolean): Trace => ({
    ...trace,
    entries: trace.entries.filter((_, i) => first.has(i) === inside),
  });
  return [part(true), part(false)];
}

interface Part {
  readonly trace: Trace;
  readonly tau: number | null;
}

/** The figures of all parts' rows together, each part at its own tau. */
function point(way: DialWay, rows: number, parts: readonly Part[], dense: CountOptions['dense']): DialPoint {
  const judged = parts.map(({ trace, tau }) => ({
    full: judge(trace, null, { dense }),
    early: judge(trace, tau, { dense }),
  }));
  const total = judged.reduce((sum, { full }) => sum + full.n, 0);
  const mean = (of: (one: (typeof judged)[number]) => number) =>
    judged.reduce((sum, one) => sum + one.full.n * of(one), 0) / total;
  const accuracy = mean(({ early }) => qualityOf(early));
  const figure = qualityName(judged[0].full);
  // the dense network's operations, from where something of the network runs in any case
  const speedup = (count: 'paper' | 'actual') => {
    const used = mean(({ early }) => early.gflops[count]);
    const whole = mean(({ full }) => full.gflops[count] * (full.speedup[count] ?? 0));
    return used > 0 && whole > 0 ? whole / used : null;
  };
  return {
    way,
    rows,
    taus: parts.map(({ tau }) => tau),
    accuracy,
    ...(figure !== 'accuracy' && { figure }),
    drop: mean(({ full }) => qualityOf(full)) - accuracy,
    speedup: { paper: speedup('paper'), actual: speedup('actual') },
  };
}
