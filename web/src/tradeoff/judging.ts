/** What the trade-off is drawn from: the trace is fetched once, judged in a worker, and judged again as the dial moves. */
import { effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Judgement, Summary } from '../../../src/evaluate/judge.ts';
import { mayExit } from '../../../src/pyramid/exits/exit-rule.ts';
import type { ReportRow } from '../../../src/report/table.ts';
import { reason } from '../format.ts';
import type { Session } from '../session.ts';
import type { FromJudge, ToJudge } from './judging-worker.ts';

export interface Judging {
  readonly state: ReadonlySignal<'loading' | 'none' | 'ready' | 'failed'>;
  /** Of the judging, or of the methods compared, without which the rest is shown all the same. */
  readonly failure: ReadonlySignal<string | null>;
  readonly curve: ReadonlySignal<readonly Summary[] | null>;
  /** At the dial's tau, or where it stood a moment ago. */
  readonly judgement: ReadonlySignal<Judgement | null>;
  /** The methods compared, where the run had several. */
  readonly rows: ReadonlySignal<readonly ReportRow[]>;
  stop(): void;
}

const FIGURES = 'accuracy f1 tau gflops gflopsActual speedupPaper speedupActual meanExit msPerText seconds'.split(' ');

/** It is somebody's file: a row that is not what it says would break the drawing. */
const isRow = (row: unknown): boolean => {
  const values = (row ?? {}) as Readonly<Record<string, unknown>>;
  return (
    typeof values.task === 'string' &&
    typeof values.method === 'string' &&
    FIGURES.every((name) => values[name] === null || typeof values[name] === 'number')
  );
};

export function judging({ engine, tau }: Session): Judging {
  const state = signal<'loading' | 'none' | 'ready' | 'failed'>('loading');
  const failure = signal<string | null>(null);
  const curve = signal<readonly Summary[] | null>(null);
  const judgement = signal<Judgement | null>(null);
  const rows = signal<readonly ReportRow[]>([]);
  const exits = mayExit(engine.info);
  let worker: Worker | undefined;
  let stopListening = () => {};
  let stopped = false;
  let fault: string | null = null;

  const fail = (error: unknown) => {
    failure.value = reason(error);
    state.value = 'failed';
    judgement.value = null; // of a place where the dial no longer stands
  };
  const begin = async () => {
    const none = (error: unknown) => {
      fault = reason(error);
      return null;
    };
    const [trace, report] = await Promise.all([engine.trace(), engine.report().catch(none)]);
    if (stopped) return;
    if (report?.every(isRow)) rows.value = report;
    else if (report) fault = 'report.json has rows that are none of a table of methods';
    failure.value = fault;
    if (!trace) {
      state.value = 'none';
      return;
    }
    worker = new Worker(new URL('./judging-worker.ts', import.meta.url), { type: 'module' });
    const ask = (message: ToJudge) => worker?.postMessage(message);
    // one question at a time: a slider asks faster than a long trace is judged
    let busy = true;
    let asked: number | null | undefined;
    const judgeAt = (at: number | null) => {
      asked = at;
      if (busy) return;
      busy = true;
      ask({ kind: 'tau', tau: at });
      asked = undefined;
    };
    worker.onerror = (event) => {
      busy = false;
      fail(event.message);
    };
    worker.onmessage = ({ data }: MessageEvent<FromJudge>) => {
      busy = false;
      if (data.kind === 'curve') curve.value = data.curve;
      else {
        judgement.value = data.judgement;
        failure.value = fault;
        state.value = 'ready';
      }
      if (asked !== undefined) judgeAt(asked);
    };
    ask({ kind: 'trace', trace });
    stopListening = effect(() => judgeAt(exits ? tau.value : null));
  };
  begin().catch(fail);
  return {
    state,
    failure,
    curve,
    judgement,
    rows,
    stop() {
      stopped = true;
      stopListening();
      worker?.terminate();
    },
  };
}
