import { describe, expect, test } from 'vitest';
import type { DemoOptions } from '../../../src/cli/commands/demo.ts';
import type { DemoResult, Services } from '../../../src/cli/services.ts';
import { failedRow } from '../../../src/evaluate/table.ts';
import { cli } from '../fake.ts';

const row = { ...failedRow('spam_assassin', 'mp', ''), failed: undefined, accuracy: 0.985, speedupPaper: 4.2 };

async function demo(...args: string[]) {
  let given: DemoOptions | null = null;
  const services: Partial<Services> = {
    async demo(options, onEvent): Promise<DemoResult> {
      given = options;
      onEvent({ kind: 'note', text: 'reading' });
      return { rows: [row], report: 'runs/x/report.html' };
    },
  };
  return { ...(await cli(['demo', ...args], services)), given };
}

describe('demo', () => {
  test('needs no option, and prints the table and where the report is', async () => {
    const { code, stdout, stderr, given } = await demo();
    expect([code, stderr]).toEqual([0, 'note: reading\n']);
    expect(given).toEqual({ out: 'runs/demo', serve: true, seed: 0, json: false });
    expect(stdout).toMatch(/mp +98\.5 %.*4\.20×/);
    expect(stdout.trimEnd()).toMatch(/The report is runs\/x\/report\.html$/);
  });

  test('takes another folder and seed, no page, and prints JSON', async () => {
    const { stdout, given } = await demo('--out', 'o', '--seed', '7', '--no-serve', '--json');
    expect(given).toEqual({ out: 'o', serve: false, seed: 7, json: true });
    expect((JSON.parse(stdout) as { rows: unknown[] }).rows).toMatchObject([{ method: 'mp', accuracy: 0.985 }]);
  });
});
