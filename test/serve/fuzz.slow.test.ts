import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { protocolServer } from '../support/protocol-server.ts';
import { hasClients, needsClients, runClient } from '../support/python-clients.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const KEY = 'a-key-of-a-test';

describe.skipIf(!hasClients)(`schemathesis${needsClients}`, () => {
  const root = temporaryFolder();
  let server: Awaited<ReturnType<typeof protocolServer>>;

  beforeAll(async () => {
    const { dir } = await randomModel(root, 'mails', { seed: 11, kind: 'pooled', prunes: true, tau: 0.7 });
    const keys = join(root, 'keys');
    await writeFile(keys, `${KEY}\n`);
    server = await protocolServer({ mails: dir }, { apiKeyFile: keys, page: false }); // the page is no part of the description
  });
  afterAll(() => server?.close());

  test('finds no failure of the server and no answer beside its schema', async () => {
    const { code, output } = await runClient('schemathesis', [
      '--config-file=test/serve/clients/schemathesis.toml',
      'run',
      `${server.url}/docs/json`,
      `--header=Authorization: Bearer ${KEY}`,
      '--checks=all',
      // Some of what a route refuses no schema can say: a tensor's shape against its data, a key named __proto__.
      '--exclude-checks=positive_data_acceptance',
      '--phases=examples,coverage,fuzzing',
      '--max-examples=30',
      '--max-time=45',
      '--seed=7',
      '--continue-on-failure',
      '--no-color',
      '--generation-database=none',
    ]);
    expect(code, output).toBe(0);
    expect(Number(/(\d+) generated/.exec(output)![1])).toBeGreaterThan(500);
  });
});
