/**
 * How many machines like this one a load takes: what was measured here, and what follows from it, kept apart. Pure functions.
 */
import { alignedText } from '../report/text-table.ts';
import type { HttpLoad } from './http-load.ts';

export interface PlanWish {
  /** Requests a second at the busiest time, of one text each. */
  readonly requestsPerSecond: number;
  /** Share of what a machine can do that it is to be kept at, above 0 and at most 1. */
  readonly load: number;
  /** Of one machine an hour, in any currency; null: not given. */
  readonly price: number | null;
}

export interface Plan {
  readonly wish: PlanWish;
  readonly dtype: string;
  readonly tau: number | null;
  readonly measured: HttpLoad & { readonly workers: number; readonly cores: number };
  readonly extrapolated: {
    /** That answer the wish at `load`. */
    readonly machines: number;
    /** Load of each of them then. */
    readonly load: number;
    /** Load of each where one of them is gone; above 1: the others do not suffice. Null: there is only one. */
    readonly loadWithoutOne: number | null;
    readonly residentBytes: number;
    /** For 730 hours; null without a price. */
    readonly costOfMonth: number | null;
    /** Of a million requests at the busiest rate; null without a price. */
    readonly costOfMillion: number | null;
  };
}

/** Hours of a mean month. */
const MONTH = 730;

export function planFor(measured: Plan['measured'], wish: PlanWish, setting: Pick<Plan, 'dtype' | 'tau'>): Plan {
  const { requestsPerSecond: wanted, load, price } = wish;
  const most = measured.requestsPerSecond;
  const machines = Math.max(1, Math.ceil(wanted / (most * load)));
  return {
    wish,
    ...setting,
    measured,
    extrapolated: {
      machines,
      load: wanted / (most * machines),
      loadWithoutOne: machines === 1 ? null : wanted / (most * (machines - 1)),
      residentBytes: machines * measured.residentBytes,
      costOfMonth: price === null ? null : machines * price * MONTH,
      costOfMillion: price === null ? null : (machines * price * 1e6) / (wanted * 3600),
    },
  };
}

export function planText(plans: readonly Plan[]): string {
  const [{ wish, measured }] = plans;
  const table = alignedText({
    heads: [
      ...['dtype', 'tau', 'requests/s', 'p50 ms', 'p99 ms', 'MiB'],
      ...['machines', 'load', 'without one', 'MiB in all'],
      ...(wish.price === null ? [] : ['a month', 'a million requests']),
    ],
    align: ['left', ...Array.from({ length: wish.price === null ? 9 : 11 }, () => 'right' as const)],
    rows: plans.map(({ dtype, tau, measured: seen, extrapolated: then }) => [
      dtype,
      tau === null ? 'off' : String(tau),
      seen.requestsPerSecond.toFixed(0),
      seen.p50Ms.toFixed(2),
      seen.p99Ms.toFixed(2),
      mebibytes(seen.residentBytes),
      String(then.machines),
      percent(then.load),
      then.loadWithoutOne === null ? 'none is left' : percent(then.loadWithoutOne),
      mebibytes(then.residentBytes),
      ...(then.costOfMonth === null ? [] : [then.costOfMonth.toFixed(2), then.costOfMillion!.toPrecision(3)]),
    ]),
  });
  return [
    `For ${wish.requestsPerSecond} requests of one text a second, machines kept at ${percent(wish.load)} of what they can do`,
    '',
    table,
    '',
    `Measured, on this machine over HTTP, the program that asks on the same ${measured.cores} cores: requests/s (the most), p50 and p99 (at ${percent(wish.load)} of that), MiB of the server's process (${measured.workers} workers).`,
    `Extrapolated, by multiplying: all columns from "machines" on. Not in it: other machines, the network between them, a load balancer, texts unlike these${wish.price === null ? '; cost, since no --price was given' : ''}.`,
    `To scale by itself: te_queue_expected_seconds of /metrics (seconds until what waits is answered), averaged over the servers; add one while it is above half the time that an answer may take, and keep at least 2 so that one may fail.`,
  ].join('\n');
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;
const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
