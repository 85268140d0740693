/** Every command and snippet of README.md, run in its order in an empty folder as a newcomer would, on a small file of mails. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import Papa from 'papaparse';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { everydayMessages } from '../src/cli/demo/everyday-messages.ts';

const readme = readFileSync('README.md', 'utf8');
const commands = [...readme.matchAll(/^ {4}(?=npx |npm |curl )(.*)$/gm)].map(([, line]) => line.replace(/\s+#.*$/, ''));
const snippets = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code);

/** What needs more than a folder of mails, and who runs it. */
const elsewhere: readonly (readonly [RegExp, string])[] = [
  [/^npm (ci|install)/, 'the set-up itself: .ci/run'],
  [/^npx magic-pyramid (sweep|reproduce) /, 'paper data and a pretrained model: test/cli/experiments.test.ts'],
];
const isElsewhere = (line: string) => elsewhere.some(([pattern]) => pattern.test(line));
const isServer = (line: string) => line.startsWith('npx magic-pyramid serve ');

describe('README.md', () => {
  const dir = mkdtempSync(join(tmpdir(), 'readme-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  beforeAll(() => {
    mkdirSync(join(dir, 'node_modules'));
    symlinkSync(resolve('.'), join(dir, 'node_modules', 'magic-pyramid'));
    writeFileSync(join(dir, 'package.json'), '{"type": "module"}');
    const names = ['ham', 'spam'];
    const csv = (rows: readonly { readonly text: string; readonly label: string }[]) =>
      Papa.unparse(rows.map(({ text, label }) => ({ body: text, folder: label })));
    const judged = readFileSync('test/cli/demo/everyday-mails.jsonl', 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { text: string; label: string });
    writeFileSync(
      join(dir, 'mails.csv'),
      csv(everydayMessages().map(({ text, label }) => ({ text, label: names[label] }))),
    );
    writeFileSync(join(dir, 'held-out.csv'), csv(judged));
    writeFileSync(join(dir, 'fresh.csv'), csv(judged.filter((_, i) => i % 2 === 0)));
    writeFileSync(join(dir, 'others.csv'), csv(judged.filter((_, i) => i % 2 === 1)));
    writeFileSync(
      join(dir, 'lines.txt'),
      judged
        .slice(0, 5)
        .map(({ text }) => `${text.replaceAll('\n', ' ')}\n`)
        .join(''),
    );
    for (const name of ['traffic', 'last-week']) {
      mkdirSync(join(dir, name));
      writeFileSync(
        join(dir, name, 'a.jsonl'),
        // other texts than those that certify: what is learned from may not
        judged.map(({ text }) => `${JSON.stringify({ body: `Fwd from ${name}: ${text}` })}\n`).join(''),
      );
    }
  });

  const cli = resolve('dist/cli/main.js');
  const inShell = (line: string) => line.replace(/^npx magic-pyramid /, `"${process.execPath}" "${cli}" `);
  const run = (line: string) =>
    new Promise<{ code: number | null; out: string; err: string }>((done) => {
      const child = spawn('bash', ['-c', line], { cwd: dir });
      let out = '';
      let err = '';
      child.stdout.on('data', (text) => (out += text));
      child.stderr.on('data', (text) => (err += text));
      child.on('close', (code) => done({ code, out, err }));
    });

  test('has commands of every kind, and each is run here or is known to be run elsewhere', () => {
    expect(commands.filter((line) => !isElsewhere(line)).length).toBeGreaterThan(12);
    expect(elsewhere.filter(([pattern]) => !commands.some((line) => pattern.test(line)))).toEqual([]);
    expect(snippets).toHaveLength(3);
  });

  test.each(commands.filter((line) => !isElsewhere(line) && !isServer(line) && !line.startsWith('curl')))(
    'runs: %s',
    async (line) => {
      const { code, err } = await run(inShell(line));
      // 40 rows are few to certify on: the command ran, and says what is missing
      if (/^error: 40 rows certify at no score .*nothing was changed$/m.test(err)) return;
      expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
    },
    15 * 60_000,
  );

  test.each(commands.filter(isServer))(
    'serves, and answers what curl asks: %s',
    async (line) => {
      const asked = commands.filter((one) => one.startsWith('curl'));
      expect(asked).toHaveLength(1);
      const [program, ...rest] = [process.execPath, cli, ...line.split(' ').slice(2)];
      const port = 20_000 + Math.floor(Math.random() * 20_000);
      // so few rows certify no tau, and the dial needs an end
      const end = line.includes('--tau auto') ? ['--max-tau', '0.5'] : [];
      const server = spawn(program, [...rest, ...end, '--port', String(port)], { cwd: dir });
      try {
        await new Promise<void>((ready, failed) => {
          let said = '';
          server.stderr.on('data', (text) => {
            said += text;
            if (said.includes(`:${port}`)) ready();
          });
          server.on('exit', () => failed(new Error(said)));
        });
        const { out } = await run(asked[0].replace('localhost:8080', `127.0.0.1:${port}`));
        expect((JSON.parse(out) as { results: unknown[] }).results).toMatchObject([
          { label: expect.stringMatching(/^(ham|spam)$/) },
        ]);
      } finally {
        server.kill();
      }
    },
    120_000,
  );

  test.each(snippets.map((code, i) => [i + 1, code] as const))(
    'snippet %i runs and prints what it says',
    async (i, code) => {
      writeFileSync(join(dir, `snippet-${i}.js`), code);
      const { code: ended, out, err } = await run(`"${process.execPath}" snippet-${i}.js`);
      expect({ ended, err: ended === 0 ? '' : err }).toEqual({ ended: 0, err: '' });
      if (i === 1) expect(out.trim()).toBe(/\/\/ (\w+ \d+):/.exec(code)![1]);
      else expect(out.trim()).not.toBe('');
    },
    15 * 60_000,
  );
});
