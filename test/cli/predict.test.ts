import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Services } from '../../src/cli/services.ts';
import type { TextInput } from '../../src/engine/index.ts';
import { answer, cli } from './fake.ts';

/** An engine that answers each text with itself, and remembers how it was used. */
function engine() {
  const seen = { loads: [] as unknown[], options: [] as unknown[], taken: 0, closed: 0 };
  const services: Partial<Services> = {
    async load(dir, options) {
      seen.loads.push([dir, options]);
      await new Promise((resolve) => setTimeout(resolve, 20)); // a while in which input must not be lost
      return {
        async *stream(source: AsyncIterable<TextInput>, options) {
          seen.options.push(options);
          for await (const text of source) {
            seen.taken++;
            yield answer(typeof text === 'string' ? text : `${text.text}|${text.pair}`);
          }
        },
        async close() {
          seen.closed++;
        },
      };
    },
    async *textRows({ file, text, pair }) {
      yield { input: `${file} ${text} ${pair}`, row: { id: 7, body: 'one', label: 'ham' } };
      yield { input: { text: 'a', pair: 'b' }, row: { id: 8, body: '=two', label: null } };
    },
  };
  return { seen, services };
}

const labels = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { label: string }).label);

describe('predict', () => {
  test('answers the texts of the command line, one JSON object per line', async () => {
    const { seen, services } = engine();
    const { code, stdout, stderr } = await cli(
      [
        'predict',
        '--model',
        'm',
        '--tau',
        '0.2',
        '--top-k',
        '3',
        '--dtype',
        'int8',
        '--workers',
        '2',
        'one',
        'two words',
      ],
      services,
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(labels(stdout)).toEqual(['one', 'two words']);
    expect(JSON.parse(stdout.split('\n')[0])).toEqual(answer('one'));
    expect(seen).toEqual({
      loads: [['m', { dtype: 'int8', workers: 2, threads: undefined }]],
      options: [{ tau: 0.2, topK: 3 }],
      taken: 2,
      closed: 1,
    });
  });

  test('runs long texts as windows where --stride says so', async () => {
    const { seen, services } = engine();
    await cli(['predict', '--model', 'm', '--stride', '32', 'one'], services);
    await cli(['predict', '--model', 'm', '--stride', '0', '--windows', 'certain', 'one'], services);
    expect(seen.options).toMatchObject([
      { stride: 32, windows: 'mean' },
      { stride: 0, windows: 'certain' },
    ]);
    const { code, stderr } = await cli(['predict', '--model', 'm', '--windows', 'mean', 'one'], services);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--windows was given without --stride')]);
  });

  test('reads standard input, one text per line, including empty lines and a last line without a break', async () => {
    const { services } = engine();
    const { stdout } = await cli(['predict', '--model', 'm'], services, { stdin: 'first\r\n\nthird — ü\nlast' });
    expect(labels(stdout)).toEqual(['first', '', 'third — ü', 'last']);
  });

  test('splits standard input only at line feeds, so that answers match their lines', async () => {
    const { services } = engine();
    const { stdout } = await cli(['predict', '--model', 'm'], services, {
      stdin: '\ufeffa\rb\u2028c\n\u2029d\u0085\f\n\n\r\ne',
    });
    expect(labels(stdout)).toEqual(['a\rb\u2028c', '\u2029d\u0085\f', '', '', 'e']);
  });

  test.each([
    ['latin-1', Buffer.from([0x61, 0x0a, 0x63, 0x61, 0x66, 0xe9, 0x0a]), 'standard input:2: the text is not UTF-8'],
    ['half a character', Buffer.from([0x61, 0x0a, 0x62, 0x0a, 0xe2, 0x82]), 'standard input:3: the text is not UTF-8'],
    ['UTF-16 without a mark', Buffer.from('one\ntwo\n', 'utf16le'), 'standard input: the text seems to be UTF-16'],
    [
      'UTF-16 the other way',
      Buffer.from('one\ntwo\n', 'utf16le').swap16(),
      'standard input: the text seems to be UTF-16',
    ],
  ])('refuses standard input in %s', async (_, stdin, message) => {
    const { services } = engine();
    const { code, stderr } = await cli(['predict', '--model', 'm'], services, { stdin });
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
  });

  test('decodes standard input in UTF-16 with a byte-order mark, however it is split', async () => {
    const { services } = engine();
    for (const bytes of [
      Buffer.from('\ufeffé\n中文\r\n', 'utf16le'),
      Buffer.from('\ufeffé\n中文\r\n', 'utf16le').swap16(),
    ]) {
      const pieces = Array.from(bytes, (byte) => Buffer.from([byte]));
      const { stdout } = await cli(['predict', '--model', 'm'], services, { stdin: pieces });
      expect(labels(stdout)).toEqual(['é', '中文']);
    }
  });

  test("reads a file's columns, pairs included", async () => {
    const { services } = engine();
    const { stdout } = await cli(
      ['predict', '--model', 'm', '--file', 'f.csv', '--text', 'q1', '--pair', 'q2'],
      services,
    );
    expect(labels(stdout)).toEqual(['f.csv q1 q2', 'a|b']);
  });

  test('keeps the columns of the file, in an object of their own or as csv', async () => {
    const { services } = engine();
    const args = ['predict', '--model', 'm', '--file', 'f.csv', '--text', 'q1', '--pair', 'q2'];
    const lines = (await cli(args, services)).stdout.trimEnd().split('\n');
    expect(JSON.parse(lines[0])).toEqual({ ...answer('f.csv q1 q2'), row: { id: 7, body: 'one', label: 'ham' } });
    expect(JSON.parse(lines[1]).row.id).toBe(8);
    const { stdout } = await cli([...args, '--format', 'csv'], services);
    expect(stdout.split('\n')).toEqual([
      'id,body,label,predicted_label,score,exit',
      '7,one,ham,f.csv q1 q2,0.9,1',
      "8,'=two,,a|b,0.9,1",
      '',
    ]);
    const plain = await cli(['predict', '--model', 'm', '--format', 'csv', 'x', 'y,z'], services);
    expect(plain.stdout).toBe('label,score,exit\nx,0.9,1\n"y,z",0.9,1\n');
  });

  test.each([
    [[], undefined],
    [['--tau', 'off'], null],
    [['--tau', '1'], 1],
  ])('with %j asks the engine for tau %s: its own, off, or a number', async (args, tau) => {
    const { seen, services } = engine();
    await cli(['predict', '--model', 'm', ...args, 'text'], services);
    expect(seen.options).toEqual([{ tau, topK: 1 }]);
  });

  test('takes a text that looks like an option after two dashes', async () => {
    const { services } = engine();
    expect(labels((await cli(['predict', '--model', 'm', '--', '--top_k'], services)).stdout)).toEqual(['--top_k']);
  });

  test('says what to do when there are no texts and standard input is a terminal', async () => {
    const { code, stderr } = await cli(['predict', '--model', 'm'], {}, { terminal: true });
    expect([code, stderr]).toEqual([
      2,
      'error: there are no texts; give them as arguments, with --file, or on standard input\n',
    ]);
  });

  test('ends quietly, and stops reading, when the reader of its output has gone', async () => {
    const { seen, services } = engine();
    let written = 0;
    const gone = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) =>
        done(++written > 2 ? Object.assign(new Error('EPIPE'), { code: 'EPIPE' }) : null),
    });
    const { code, stderr } = await cli(['predict', '--model', 'm'], services, {
      stdin: 'x\n'.repeat(10_000),
      stdout: gone,
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(seen.taken).toBeLessThan(200);
    expect(seen.closed).toBe(1);
  });

  test('closes the engine when a text fails', async () => {
    const { seen, services } = engine();
    const failing: Partial<Services> = {
      ...services,
      // biome-ignore lint/correctness/useYield: it fails before its first text
      async *textRows() {
        throw new Error('disk');
      },
    };
    const { code, stderr } = await cli(['predict', '--model', 'm', '--file', 'f.csv'], failing);
    expect([code, stderr]).toEqual([1, 'error: disk (--debug shows where)\n']);
    expect(seen.closed).toBe(1);
  });
});
