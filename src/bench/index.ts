/** The engine and its peers on the clock. */
export { type BenchOptions, bench } from './bench.ts';
export { benchText } from './bench-table.ts';
export type { BenchRatio, BenchReport, BenchRow, BenchSpeedup } from './figures.ts';
export { PEERS, type PeerName } from './peer-names.ts';
