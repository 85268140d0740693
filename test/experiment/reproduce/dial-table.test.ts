import { expect, test } from 'vitest';
import type { DialPoint, DialWay } from '../../../src/experiment/dial-points.ts';
import { dialTable } from '../../../src/experiment/reproduce/dial-table.ts';
import type { StoredResult } from '../../../src/experiment/stored-result.ts';

const point = (way: DialWay, drop: number, speedup: number | null, taus: readonly (number | null)[]): DialPoint => ({
  ...{ way, rows: 100, taus, accuracy: 0.9 - drop, drop },
  speedup: { paper: speedup, actual: speedup && 2 * speedup },
});
const result = (task: string, seed: number, points: readonly DialPoint[] | null) =>
  ({
    ...{ task, method: 'mp', seed },
    ...(points && { dial: { maxDrop: 0.01, confidence: 0.95, points } }),
  }) as unknown as StoredResult;

test('each way has its name, the drop against the network run to the end, and how often more was lost', () => {
  const { rows, heads, caption } = dialTable([
    result('qqp', 0, [point('certified', 0.005, 4, [0.25]), point('read-off', 0.01, 8, [0.5])]),
    result('mrpc', 0, [point('certified-halves', 0, 1, [null, null]), point('chosen', 0.022, null, [1])]),
  ]);
  expect(heads.slice(2, 6)).toEqual(['tau', 'Rows', 'Drop', 'Broken']);
  expect(rows).toEqual([
    ['qqp', 'mp', 'certified on rows kept apart', '100', '0.5', '0 of 1', '89.5 %', '4.00×', '8.00×'],
    ['qqp', 'mp', 'read off the test curve', '100', '1.0', '0 of 1', '89.0 %', '8.00×', '16.0×'],
    [
      ...['mrpc', 'mp', 'certified on half the test rows, judged on the other half', '100', '0.0', '0 of 1'],
      ...['90.0 %', '1.00×', '2.00×'],
    ],
    ['mrpc', 'mp', 'chosen on validation', '100', '2.2', '1 of 1', '87.8 %', '–', '–'],
  ]);
  expect(caption).toContain('a drop of at most 1 points from the same network run to the end');
  expect(caption).toContain('with 95 % confidence');
});

test('seeds are averaged, with their spread, and a tau is told of one alone', () => {
  const certified = (drop: number, speedup: number) => [point('certified', drop, speedup, [0.25])];
  const { rows, records } = dialTable([
    result('qqp', 0, certified(0.005, 4)),
    result('qqp', 1, certified(0.015, 6)),
    result('qqp', 2, null),
  ]);
  expect(rows).toEqual([
    [
      ...['qqp', 'mp', 'certified on rows kept apart', '100', '1.0 ± 0.7', '1 of 2', '89.0 %'],
      ...['5.00× ± 1.41×', '10.0× ± 2.83×'],
    ],
  ]);
  expect(records[0]).toMatchObject({ seeds: 2, tau: null, broken: 1 });
  expect(dialTable([result('qqp', 0, certified(0, 4))]).records[0].tau).toBe(0.25);
  expect(dialTable([result('qqp', 0, null)]).rows).toEqual([]);
});
