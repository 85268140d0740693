// The same seed gives the same result: twice, on other versions of Node, and on one thread and two.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { csvOf, MAIN, rows, SMALL } from './good-inputs.mjs';

const NODES = ['20', '22', '24'];

export async function sameEverywhere({ dir, seed, short, report, say }) {
  const own = join(dir, 'same');
  mkdirSync(own, { recursive: true });
  const train = join(own, 'train.csv');
  const test = join(own, 'test.csv');
  writeFileSync(train, csvOf(rows(seed, 300)));
  writeFileSync(test, csvOf(rows(seed + 1, 200)));
  const small = SMALL.slice(0, SMALL.indexOf('--threads'));

  /** Trains and evaluates; what must agree. */
  const result = (name, node, threads) => {
    const out = join(own, name);
    const run = (args) =>
      execFileSync(node[0], [...node.slice(1), MAIN, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    run([
      'train',
      '--train',
      train,
      '--method',
      'mp',
      '--out',
      out,
      '--seed',
      String(seed),
      ...small,
      '--epochs',
      '3,1,1,2',
      '--threads',
      threads,
    ]);
    const table = run([
      'evaluate',
      '--model',
      out,
      '--test',
      test,
      '--tau',
      '0.3',
      '--trace',
      join(own, `${name}.jsonl`),
    ]);
    return {
      weights: readFileSync(join(out, 'model.safetensors')),
      floor: readFileSync(join(out, 'floor.safetensors')),
      trace: readFileSync(join(own, `${name}.jsonl`)),
      table: table.replaceAll(name, 'NAME'),
    };
  };
  const isSame = (a, b) =>
    ['weights', 'floor', 'trace'].every((key) => Buffer.compare(a[key], b[key]) === 0) && a.table === b.table;

  const here = [process.execPath];
  const first = result('first', here, '1');
  report(
    'the same seed twice gives the same bytes and the same table',
    `Node ${process.version}, one thread`,
    isSame(first, result('twice', here, '1')),
  );
  const two = result('threads', here, '2');
  report(
    'one thread and two give the same table',
    isSame(first, two) ? 'the same bytes too' : 'sums are shared out, so the last bits of weights differ',
    first.table === two.table,
  );
  if (short) return;
  for (const version of NODES) {
    if (process.version.startsWith(`v${version}.`)) continue;
    const node = ['npm', 'exec', '--yes', '--package', `node@${version}`, '--', 'node'];
    const found = execFileSync(node[0], [...node.slice(1), '--version'], { encoding: 'utf8' }).trim();
    if (!found.startsWith(`v${version}.`)) {
      say(`  Node ${version} is not to be had here: left out`);
      continue;
    }
    report(
      `Node ${found} gives the same bytes and the same table`,
      `as ${process.version}`,
      isSame(first, result(`node-${version}`, node, '1')),
    );
  }
}
