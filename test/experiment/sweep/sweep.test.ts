import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { grid, type SweepOptions, sample, sweep } from '../../../src/experiment/sweep/sweep.ts';
import { choiceText, sweepText } from '../../../src/experiment/sweep/sweep-table.ts';
import type { TrainEvent } from '../../../src/train/events.ts';
import { tinyTraining, writeScratchTasks } from '../../support/scratch-tasks.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const dataDir = join(folder, 'data');
const out = join(folder, 'search');
writeScratchTasks(dataDir);
const space = { deltas: [0.01, 0.09], temperatures: [1e-3], lambdas: [0.05] };

async function run(given: Partial<SweepOptions> = {}) {
  const events: TrainEvent[] = [];
  const result = await sweep(
    {
      task: 'ag_news',
      methods: ['mp', 'ltp'],
      ...space,
      sample: null,
      out,
      limit: null,
      testLimit: null,
      maxDrop: 0.3,
      by: 'paper',
      resume: false,
      training: { ...tinyTraining, dataDir },
      ...given,
    },
    (event) => events.push(event),
  );
  const stages = events.flatMap((event) =>
    event.kind === 'stage' ? [`${event.method.split(', ')[0]} ${event.stage}`] : [],
  );
  return { ...result, stages };
}

describe('sweep', () => {
  it('shares the regular stage of all points, chooses the cheapest row within the drop, and resumes', async () => {
    const first = await run();
    expect(first.rows.map(({ method, delta }) => [method, delta])).toEqual([
      ['bert', null],
      ['mp', 0.01],
      ['ltp', 0.01],
      ['mp', 0.09],
      ['ltp', 0.09],
    ]);
    // soft and hard once a point
    expect(first.stages.filter((stage) => stage.endsWith('regular'))).toEqual(['bert regular']);
    expect(first.stages.filter((stage) => stage.endsWith('soft'))).toEqual(['mp soft', 'mp soft']);
    expect(first.failed).toBe(0);
    const within = first.rows.filter(({ drop }) => drop! <= 0.3 + 1e-9);
    expect(first.choice!.gflops).toBe(Math.min(...within.map(({ gflops }) => gflops!)));
    expect(choiceText(first, 0.3)).toMatch(/^Chosen: \S+ --delta 0\.\d+ --temperature 0\.001 --lambda 0\.05, tau/);
    expect(sweepText(first.rows).split('\n')).toHaveLength(2 + 5);
    expect(readFileSync(join(out, 'sweep.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(1 + 5);

    // a point more: it alone is run
    const more = await run({ deltas: [0.01, 0.05, 0.09], methods: ['ltp'], resume: true });
    expect(more.stages).toEqual(['ltp regular', 'ltp soft', 'ltp hard']);
    expect(more.rows.map(({ delta }) => delta)).toEqual([null, 0.01, 0.05, 0.09]);
    expect(more.rows[1]).toEqual(first.rows[2]);
    expect(JSON.parse(readFileSync(join(out, 'sweep.json'), 'utf8')).rows).toEqual(more.rows);
    expect(readdirSync(out)).not.toContain('stages');
  });

  it('chooses nothing where no run is within the drop of plain BERT', () => {
    expect(choiceText({ rows: [], choice: null, failed: 0 }, 0.01)).toMatch(/No run has a drop of at most 1 points/);
  });
});

describe('the points of a search', () => {
  const wide = { deltas: [0.01, 0.08], temperatures: [1e-5, 1e-3], lambdas: [0.001, 0.2] };

  it('are all combinations of a grid', () => {
    expect(grid(wide)).toHaveLength(8);
    expect(new Set(grid(wide).map((point) => JSON.stringify(point))).size).toBe(8);
  });

  it('are, at random, in range, the same for a seed, and the first of a longer sample (seed 5)', () => {
    const points = sample(wide, 200, 5);
    for (const { delta, temperature, lambda } of points) {
      expect(delta).toBeGreaterThanOrEqual(0.01);
      expect(delta).toBeLessThanOrEqual(0.08);
      expect(wide.temperatures).toContain(temperature);
      expect(lambda).toBeGreaterThanOrEqual(0.001);
      expect(lambda).toBeLessThanOrEqual(0.2);
    }
    expect(sample(wide, 20, 5)).toEqual(points.slice(0, 20));
    expect(sample(wide, 20, 6)).not.toEqual(points.slice(0, 20));
    // the logarithm is uniform: half of λ below the geometric middle
    const low = points.filter(({ lambda }) => lambda < Math.sqrt(0.001 * 0.2)).length;
    expect(low).toBeGreaterThan(70);
    expect(low).toBeLessThan(130);
  });
});
