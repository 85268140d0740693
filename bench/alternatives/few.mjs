// Few rows a label of AG News: ours with all options at their defaults, SetFit with its own, and an encoder left as it is under a
// logistic regression, one thread each. Usage, after `npm run build`, with a Python that has requirements-few.txt:
//   node bench/alternatives/few.mjs --data-dir DIR --model DIR/all-MiniLM-L6-v2 --out DIR [--python PYTHON]
//     [--each 8,64] [--draws 0,1,2] [--systems linear,bert,mp+,setfit,frozen]
// A JSON object a line, the mean and the range of the draws at the end. few-rows.json has the rows' numbers, drawn at random before.
// What --out holds already is not run again.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readTask } from '../../dist/text/index.js';

const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
const python = new URL('few.py', import.meta.url).pathname;
const numbers = JSON.parse(readFileSync(new URL('few-rows.json', import.meta.url), 'utf8'));
const METHODS = { linear: ['--method', 'linear'], bert: ['--method', 'bert'], 'mp+': [] };

const { values: args } = parseArgs({
  options: {
    'data-dir': { type: 'string' },
    model: { type: 'string' },
    out: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    each: { type: 'string', default: '8,64' },
    draws: { type: 'string', default: '0,1,2' },
    systems: { type: 'string', default: 'linear,bert,mp+,setfit,frozen' },
  },
});
const draws = args.draws.split(',');
mkdirSync(args.out, { recursive: true });
const test = await write('test', await readTask('ag_news', args['data-dir'], 'test'), numbers.test);
const train = await readTask('ag_news', args['data-dir'], 'train');
for (const each of args.each.split(',')) {
  for (const system of args.systems.split(',')) {
    const figures = [];
    for (const draw of draws) {
      const rows = await write(`${each}-${draw}`, train, numbers[each][draw]);
      const figure = once(`${system}-${each}-${draw}`, (folder) =>
        METHODS[system] ? ours(METHODS[system], rows, folder) : theirs(system, rows),
      );
      console.log(JSON.stringify({ system, each, draw, ...figure }));
      figures.push(figure);
    }
    console.log(JSON.stringify({ system, each, ...summary(figures) }));
  }
}

async function write(name, { examples, labels }, rows) {
  const file = join(args.out, `${name}.jsonl`);
  const lines = rows.map((row) => ({ text: examples[row].text, label: labels[examples[row].label] }));
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return file;
}

function once(name, run) {
  const file = join(args.out, `${name}.json`);
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(run(join(args.out, name))));
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Of mp+ the accuracy at its own tau, and run to the end. */
function ours(method, rows, folder) {
  const files = ['--train', rows, '--test', test, '--model', args.model];
  run(process.execPath, [main, 'train', ...method, ...files, '--threads', '1', '--out', folder]);
  const { metrics, seconds } = JSON.parse(readFileSync(join(folder, 'training.json'), 'utf8'));
  const { accuracy, accuracyAtTau } = metrics;
  return { accuracy: accuracyAtTau ?? accuracy, runToTheEnd: accuracy, trainSeconds: seconds };
}

function theirs(system, rows) {
  const files = ['--train', rows, '--test', test, '--model', args.model];
  return JSON.parse(run(args.python, [python, '--system', system, ...files]));
}

function run(program, args) {
  return execFileSync(program, args, { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' });
}

function summary(figures) {
  const all = figures.map(({ accuracy }) => accuracy);
  const mean = all.reduce((a, b) => a + b) / all.length;
  return { mean, low: Math.min(...all), high: Math.max(...all) };
}
