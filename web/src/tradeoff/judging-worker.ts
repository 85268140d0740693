/** Judges a trace away from the page's own thread: the curve over tau once, then the figures at whatever tau is asked. */
import { type Judgement, judge, type Summary } from '../../../src/evaluate/judge.ts';
import type { Trace } from '../../../src/evaluate/trace.ts';
import { tradeoff } from '../../../src/evaluate/tradeoff.ts';

export type ToJudge =
  | { readonly kind: 'trace'; readonly trace: Trace }
  | { readonly kind: 'tau'; readonly tau: number | null };

export type FromJudge =
  | { readonly kind: 'curve'; readonly curve: readonly Summary[] }
  | { readonly kind: 'judgement'; readonly judgement: Judgement };

let trace: Trace | undefined;

addEventListener('message', ({ data }: MessageEvent<ToJudge>) => {
  if (data.kind === 'trace') {
    trace = data.trace;
    answer({ kind: 'curve', curve: tradeoff(trace) });
  } else if (trace) answer({ kind: 'judgement', judgement: judge(trace, data.tau) });
});

const answer = (message: FromJudge) => postMessage(message);
