import { describe, expect, test } from 'vitest';
import type { DemoOptions } from '../../../src/cli/commands/demo.ts';
import type { DemoResult, Services } from '../../../src/cli/services.ts';
import { PyramidError } from '../../../src/errors.ts';
import { failedRow } from '../../../src/report/table.ts';
import type { StartOptions } from '../../../src/serve/index.ts';
import { cli } from '../fake.ts';

const row = { ...failedRow('spam_assassin', 'mp', ''), failed: undefined, accuracy: 0.985, speedupPaper: 4.2 };

const models = [{ name: 'mp+', dir: 'runs/x/models/mp-plus' }];
let taken = false;

async function demo(...args: string[]) {
  let given: DemoOptions | null = null;
  const served: StartOptions[] = [];
  const services: Partial<Services> = {
    async demo(options, onEvent): Promise<DemoResult> {
      given = options;
      onEvent({ kind: 'note', text: 'reading' });
      return { rows: [row], report: 'runs/x/report.html', models };
    },
    async serve(options, say) {
      served.push(options);
      if (options.port === undefined && taken)
        throw new PyramidError('MP_LISTEN', { hostname: '127.0.0.1', port: 8080, reason: 'EADDRINUSE' });
      say('mp+ at http://127.0.0.1');
    },
  };
  return { ...(await cli(['demo', ...args], services)), given, served };
}

describe('demo', () => {
  test('needs no option, and prints the table and where the report is', async () => {
    const { code, stdout, stderr, given } = await demo();
    expect([code, stderr]).toEqual([0, 'note: reading\nmp+ at http://127.0.0.1\n']);
    expect(given).toEqual({ out: 'runs/demo', serve: true, seed: 0, json: false });
    expect(stdout).toMatch(/mp +98\.5 %.*4\.20×/);
    expect(stdout.trimEnd()).toMatch(/The report is runs\/x\/report\.html$/);
  });

  test('takes another folder and seed, no page, and prints JSON', async () => {
    const { stdout, given, served } = await demo('--out', 'o', '--seed', '7', '--no-serve', '--json');
    expect(given).toEqual({ out: 'o', serve: false, seed: 7, json: true });
    expect((JSON.parse(stdout) as { rows: unknown[] }).rows).toMatchObject([{ method: 'mp', accuracy: 0.985 }]);
    expect(served).toEqual([]);
  });

  test('shows the models on a page afterwards, at another port where the usual one is taken', async () => {
    expect((await demo()).served).toEqual([{ model: models, workers: 1 }]);
    taken = true;
    const { code, served, stderr } = await demo();
    taken = false;
    expect(code).toBe(0);
    expect(served.map(({ port }) => port)).toEqual([undefined, 0]);
    expect(stderr).toContain('mp+ at http://127.0.0.1');
  });
});
