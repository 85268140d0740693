import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { flagOf } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/index.ts';
import { PyramidError } from '../../src/errors.ts';
import type { OptionSpec } from '../../src/option.ts';
import { trainTable } from '../../src/train/options/defaults.ts';
import { resolvedConfig } from '../../src/train/options/resolve.ts';
import { cli, trainOptions } from './fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const needed = ['--train', 'a.csv', '--out', 'x'];

describe('the command line', () => {
  test.each(commands.map(({ name }) => name))(
    '%s --help lists every option and examples, and exits with 0',
    async (name) => {
      const { code, stdout, stderr } = await cli([...name.split(' '), '--help']);
      const command = commands.find((one) => one.name === name)!;
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain('Examples:');
      for (const [key, spec] of Object.entries(command.options) as [string, OptionSpec<unknown>][]) {
        expect(stdout).toContain(spec.default === true ? `--no-${flagOf(key).slice(2)}` : flagOf(key));
      }
    },
  );

  test('every example of a help text is understood', async () => {
    for (const command of commands) {
      for (const { line } of command.examples) {
        const args = line
          .replace(/ [<>].*/, '')
          .match(/"[^"]*"|\S+/g)!
          .slice(1)
          .map((arg) => arg.replace(/^"|"$/g, ''));
        if (args.includes('--config'))
          args[args.indexOf('--config') + 1] = file('run.yaml', 'train: mails.csv\nbatch_size: 16\n');
        // what is made anew in its place must be there
        if (args[0] === 'refit') args[args.indexOf('--model') + 1] = folder;
        let called = false;
        const stop = (): never => {
          called = true;
          throw new PyramidError('MP_CLOSED', { what: 'test' });
        };
        const { stderr } = await cli(args, {
          train: stop,
          demo: stop,
          reproduce: stop,
          sweep: stop,
          refit: stop,
          exportOnnx: stop,
          exportTransformersJs: stop,
          pushModel: stop,
          serve: stop,
          jobs: stop,
          load: stop,
          labelledRows: stop,
          outline: stop,
          unlabelledTexts: stop,
          labelColumn: stop,
          validationRows: stop,
          texts: () => (async function* () {})(),
          textRows: () => (async function* () {})(),
        });
        // a trace is read by the command itself
        const read = args.includes('--trace') && stderr.includes('no such description of a trace');
        expect(called || read, `${line}: ${stderr}`).toBe(true);
      }
    }
  });

  test('every alias of an option of train reaches its flag', async () => {
    for (const [key, spec] of Object.entries(trainTable) as [string, OptionSpec<unknown>][]) {
      for (const alias of spec.aliases) {
        const { stderr } = await trainOptions(`--${alias}=`);
        expect(stderr, `${alias} of ${key}`).toMatch(new RegExp(`^error: ${flagOf(key)} is "": give `));
      }
    }
  });

  test('without a command prints the help on standard error and exits with 2', async () => {
    const { code, stdout, stderr } = await cli([]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: magic-pyramid');
  });

  test.each([
    [['trian'], "error: unknown command 'trian' (Did you mean train?); see --help\n"],
    [['train', '--bach-size', '3'], "error: unknown option '--bach-size' (Did you mean --batch-size?); see --help\n"],
    [['train', '--seed'], "error: option '--seed <N>' argument missing; see --help\n"],
    [['train', 'x'], "error: too many arguments for 'train'. Expected 0 arguments but got 1; see --help\n"],
    [['train', '--train', 'a.csv'], 'error: --out is missing; give the folder to write the model to\n'],
    [['train', '--out', 'x'], 'error: there is no training data; give --train with a file, or --task with a name\n'],
    [['train', ...needed, '--task', 'qqp'], 'error: both --task and --train were given; leave one of them out\n'],
    [
      ['train', ...needed, '--data-dir', 'd'],
      'error: --data-dir was given without --task; add --task, or leave it out\n',
    ],
    [
      ['train', ...needed, '--heads', '3'],
      'error: --hidden-size 128 is not a multiple of --heads 3; change one of them\n',
    ],
    [['train', ...needed, '--batch-size', '0'], 'error: --batch-size is "0": give a whole number from 1 to 4096\n'],
    [['train', ...needed, '--batch-size', '1.5'], 'error: --batch-size is "1.5": give a whole number from 1 to 4096\n'],
    [
      ['train', ...needed, '--batch-size', '0x10'],
      'error: --batch-size is "0x10": give a whole number from 1 to 4096\n',
    ],
    [
      ['train', ...needed, '--learning-rate', '0'],
      'error: --learning-rate is "0": give a number above 0 and up to 1\n',
    ],
    [['train', ...needed, '--clip', '-1'], 'error: --clip is "-1": give a number of at least 0\n'],
    [
      ['train', ...needed, '--method', 'pabee'],
      'error: --method is "pabee": give one of bert, distilbert, ltp, fastbert, mp, linear\n',
    ],
    [['evaluate', '--test', 'a.csv'], 'error: --model is missing; give a model folder\n'],
    [
      ['evaluate', '--model', 'm'],
      'error: there are no rows to evaluate on; give --test with a file, or --task with a name\n',
    ],
    [['evaluate', '--model', 'm', '--tau', '1.5'], 'error: --tau is "1.5": give a number from 0 to 1, or off\n'],
    [['predict', 'a'], 'error: --model is missing; give a model folder\n'],
    [
      ['predict', '--model', 'm', '--file', 'f.csv', 'a'],
      'error: both texts and --file were given; leave one of them out\n',
    ],
    [['predict', '--model', 'm', '--text', 'body'], 'error: --text and --pair name columns of --file; add --file\n'],
  ])('magic-pyramid %j is one sentence and exit code 2', async (args, stderr) => {
    expect(await cli(args)).toEqual({ code: 2, stdout: '', stderr });
  });

  test('an error of the catalogue keeps its sentence and exit code', async () => {
    const failing = { train: () => Promise.reject(new PyramidError('MP_DATA_EMPTY', { path: 'a.csv' })) };
    const { code, stderr } = await cli(['train', ...needed], failing);
    expect(code).toBe(1);
    expect(stderr).toBe('error: a.csv: the file holds no rows; give one with at least one example\n');
  });

  test('an unforeseen error is one line, and --debug shows where it and its cause come from', async () => {
    const failing = { train: () => Promise.reject(new Error('internal:\n  odd', { cause: new Error('deep') })) };
    expect(await cli(['train', ...needed], failing)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'error: internal: odd (--debug shows where)\n',
    });
    const { code, stderr } = await cli(['train', ...needed, '--debug'], failing);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: internal: odd\nError: internal:[\s\S]*program\.test\.ts[\s\S]*caused by: Error: deep/,
    );
  });
});

/** What the fake training has to say at its end. */
const warned = 'warning: No validation row was answered with spam.\n';

describe('train', () => {
  test('fills in every default, and prints the result', async () => {
    const { options, code, stdout, stderr } = await trainOptions(...needed);
    const defaults = Object.fromEntries(Object.entries(trainTable).map(([key, spec]) => [key, spec.default]));
    expect(options).toEqual({ ...defaults, train: 'a.csv', out: 'x', learningRate: 5e-4 }); // from scratch
    const lines = [
      'mp in x, 1 min 01 s',
      'A text takes 0.360 ms at tau 0.2 (2,778 texts a second): 5.42 times as fast as the same model run to the end, which takes 1.95 ms.',
      'That was measured on 1,000 validation texts, tokenising included, on A Processor with 2 threads.',
      'At tau 0.2 it is right on 98.0 % of the test rows; run to the end, on 98.5 %. Leaving early costs 0.5 points.',
      'Tau 0.2 is chosen, not certified; `magic-pyramid calibrate --model x --calibration FILE` certifies it, with about 1,000 labelled rows that the model was not made with.',
      'It computes 12.3 times fewer operations than the dense network (3.46 as the paper counts). The mean text leaves at layer 1.50.',
      'To compare the time with other programs: magic-pyramid bench --model x --test FILE',
      '',
    ];
    expect([code, stdout, stderr]).toEqual([0, lines.join('\n'), warned]);
    expect(JSON.parse((await trainOptions(...needed, '--json')).stdout)).toMatchObject({
      out: 'x',
      method: 'mp',
      clock: { texts: 1000, msPerText: 0.36, msPerTextToTheEnd: 1.95 },
    });
  });

  test("--paper gives the paper's exit heads, and refuses others", async () => {
    const ours = await trainOptions('--train', 'a.csv', '--out', 'runs/x');
    expect(ours.options).toMatchObject({ method: 'mp', exitHead: 'auto', exitTraining: 'joint' });
    const { options } = await trainOptions('--train', 'a.csv', '--out', 'runs/x', '--paper', '--exit-head', 'cls');
    expect(options).toMatchObject({ method: 'mp', exitHead: 'cls', exitTraining: 'frozen' });
    const { code, stderr } = await trainOptions(
      '--train',
      'a.csv',
      '--out',
      'x',
      '--paper',
      '--exit-training',
      'joint',
    );
    expect(code).toBe(2);
    expect(stderr).toContain('--paper means --exit-training frozen, and --exit-training joint was given');
    // what a flag means wins over the file, as the flag itself would
    const inFile = file('ours.json', '{"train": "a.csv", "exitHead": "pooled", "exitTraining": "joint"}');
    const over = await trainOptions('--config', inFile, '--out', 'x', '--paper');
    expect(over.options).toMatchObject({ exitHead: 'cls', exitTraining: 'frozen' });
    const papers = file('papers.json', '{"train": "a.csv", "paper": true}');
    const under = await trainOptions('--config', papers, '--out', 'x', '--exit-head', 'fastbert');
    expect(under.options).toMatchObject({ exitHead: 'fastbert', exitTraining: 'frozen' });
  });

  test("accepts Hugging Face's underscored names, with a space or an equals sign", async () => {
    const { options } = await trainOptions(
      ...['--train_file', 'a.csv', '--output_dir=x', '--model_name_or_path', 'm', '--max_seq_length', '64'],
      ...[
        '--per_device_train_batch_size',
        '8',
        '--num_train_epochs',
        '2',
        '--learning_rate=1e-4',
        '--exit_head',
        'cls',
      ],
    );
    expect(options).toMatchObject({
      train: 'a.csv',
      out: 'x',
      model: 'm',
      maxLength: 64,
      batchSize: 8,
      exitHead: 'cls',
    });
    expect(options).toMatchObject({ learningRate: 1e-4, epochs: { regular: 2, soft: 1, hard: 2, heads: 10 } });
  });

  test.each([
    ['3,1,2,2', { regular: 3, soft: 1, hard: 2, heads: 2 }],
    ['5,0', { regular: 5, soft: 0, hard: 2, heads: 10 }],
  ])('reads --epochs %s by stage', async (epochs, expected) => {
    expect((await trainOptions(...needed, '--epochs', epochs)).options?.epochs).toEqual(expected);
  });

  test.each(['', '1,2,3,4,5', '1,x', '-1', '1.5', '1,,2'])('refuses --epochs "%s"', async (epochs) => {
    const { code, stderr } = await trainOptions(...needed, `--epochs=${epochs}`);
    expect(code).toBe(2);
    expect(stderr).toContain('give one to four numbers from 0 to 1000');
  });

  test.each([
    ['auto', 'auto'],
    ['ham=1,spam=2.5', { ham: 1, spam: 2.5 }],
    ['a=b=2', { 'a=b': 2 }],
    ['{"ham": 1, "spam": 2}', { ham: 1, spam: 2 }],
  ])('reads --class-weights %s', async (weights, expected) => {
    expect((await trainOptions(...needed, '--class-weights', weights)).options?.classWeights).toEqual(expected);
  });

  test.each(['ham', 'ham=0', 'ham=-1', '=2', '{}', '{"ham": "much"}', '{broken'])(
    'refuses --class-weights %s',
    async (weights) => {
      const { code, stderr } = await trainOptions(...needed, '--class-weights', weights);
      expect([code, stderr]).toEqual([2, expect.stringContaining('a weight above 0 for each label')]);
    },
  );
});

describe('a configuration file', () => {
  const yaml = 'train: a.csv\nout: x\nbatchSize: 8\nlearning-rate: 1e-3\nper_device_train_batch_size: 8\n';

  test.each([
    [
      'run.yaml',
      'train_file: a.csv\nout: x\nbatchSize: 8\nlearning-rate: 1.0e-3\nepochs: [5, 0]\nresume: true\nlimit: null\n',
    ],
    [
      'run.json',
      '{"train": "a.csv", "output_dir": "x", "batch_size": 8, "learningRate": 0.001, "epochs": {"regular": 5, "soft": 0}, "resume": true}',
    ],
  ])('%s gives options in any spelling, and flags win over it', async (name, text) => {
    const { options, stderr } = await trainOptions('--config', file(name, text), '--batch-size', '16', '--no-resume');
    expect(stderr).toBe(warned);
    expect(options).toMatchObject({ train: 'a.csv', out: 'x', batchSize: 16, learningRate: 1e-3, limit: null });
    expect(options).toMatchObject({ epochs: { regular: 5, soft: 0, hard: 2, heads: 10 }, resume: false });
  });

  test.each([
    ['an unknown key', 'bachSize: 3', 'there is no option "bachSize"; did you mean "batchSize"?'],
    ['an unknown key that resembles none', 'zzz: 3', 'there is no option "zzz"; see --help for all options'],
    ['a value out of range', 'batchSize: 0', 'batchSize is "0": give a whole number from 1 to 4096'],
    ['a value of the wrong type', 'batchSize: [1]', 'batchSize is "[1]": give a whole number from 1 to 4096'],
    ['null where there is no "none"', 'batchSize: null', 'batchSize is "null": give a whole number from 1 to 4096'],
    ['an option twice under two names', yaml, 'gives batchSize more than once; give a JSON'],
    ['a list', '- a', 'holds no options; give a JSON or YAML file'],
    ['nothing', '', 'holds no options; give a JSON or YAML file'],
    ['broken YAML', 'a: [1', 'is neither JSON nor YAML (Flow sequence in block collection'],
  ])('with %s is refused by name', async (_, text, message) => {
    const path = file('bad.yaml', text);
    const { code, stderr } = await trainOptions('--config', path);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(stderr).toContain(path);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('that is missing is refused', async () => {
    const { code, stderr } = await trainOptions('--config', 'no/such.yaml');
    expect([code, stderr]).toEqual([2, 'error: no/such.yaml: no such configuration file; check the path\n']);
  });

  test('made of the stored configuration of a run gives the same options again', async () => {
    const first = await trainOptions(
      ...needed,
      '--method',
      'ltp',
      '--epochs',
      '4',
      '--class-weights',
      'ham=1,spam=2',
      '--seed',
      '3',
    );
    const stored = file('stored.json', JSON.stringify(resolvedConfig(first.options!)));
    const second = await trainOptions('--config', stored);
    expect(second.stderr).toBe(warned);
    expect(second.options).toEqual(first.options);
  });
});
