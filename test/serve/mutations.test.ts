import { afterAll, beforeAll, expect, test } from 'vitest';
import { fuzzRequests } from '../support/fuzz-requests.ts';
import { protocolServer } from '../support/protocol-server.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

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

test('every route answers 400 mutated bodies with an answer or a sentence (seed 7)', async () => {
  const { statuses } = await fuzzRequests(server.app, 400, 7);
  const [answered, ...refused] = [200, 400, 415, 422].map((status) => statuses.get(status) ?? 0);
  expect(answered).toBeGreaterThan(20); // else nothing but the door was tried
  for (const count of refused) expect(count).toBeGreaterThan(5);
});
