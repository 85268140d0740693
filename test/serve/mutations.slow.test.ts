import { afterAll, beforeAll, expect, test } from 'vitest';
import { fuzzRequests } from '../support/fuzz-requests.ts';
import { protocolServer } from '../support/protocol-server.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** More of them: MUTANTS=30000. */
const COUNT = Number(process.env.MUTANTS ?? 3000);
const SEEDS = [1, 2, 3];
const root = temporaryFolder();
let server: Awaited<ReturnType<typeof protocolServer>>;

beforeAll(async () => {
  const { dir } = await randomModel(root, 'mails', {
    seed: 11,
    kind: 'pooled',
    prunes: true,
    layers: 2,
    hiddenSize: 16,
  });
  server = await protocolServer({ mails: dir }, { page: false, payloadLimit: 50_000 });
});
afterAll(() => server.close());

test.each(SEEDS)(
  'every route answers thousands of mutated bodies with an answer or a sentence (seed %i)',
  async (seed) => {
    const { statuses, slowestMs } = await fuzzRequests(server.app, COUNT / SEEDS.length, seed);
    const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${count} of ${status}`);
    console.log(`seed ${seed}: ${counts.join(', ')}; the slowest took ${Math.round(slowestMs)} ms`);
    expect([...statuses.values()].reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(COUNT / SEEDS.length);
    expect(statuses.get(200)).toBeGreaterThan(COUNT / SEEDS.length / 20);
  },
);
