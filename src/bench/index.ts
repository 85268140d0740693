/** The engine and its peers on the clock. */
export { type BenchOptions, bench } from './bench.ts';
export { benchText } from './bench-table.ts';
export type { BenchRatio, BenchReport, BenchRow, BenchSpeedup } from './figures.ts';
export { type HttpLoad, type HttpLoadOptions, httpLoad } from './http-load.ts';
export { PEERS, type PeerName } from './peer-names.ts';
export { type Plan, type PlanWish, planFor, planText } from './plan.ts';
