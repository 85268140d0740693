import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/encoder/index.ts';
import { judge } from '../../src/evaluate/judge.ts';
import { readTrace, writeTrace } from '../../src/evaluate/trace.ts';
import { tradeoff } from '../../src/evaluate/tradeoff.ts';
import { randomStream } from '../../src/random.ts';
import { validationRows } from '../../src/train/start/validation-rows.ts';
import {
  type Files,
  filesOf,
  judged,
  mutateBytes,
  mutateText,
  newTally,
  type Tally,
  tryMutants,
} from '../support/mutated-folder.ts';
import { randomModel } from '../support/random-model.ts';
import { randomTrace } from '../support/random-trace.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const TEXTS = ['config.json', 'tokenizer.json', 'tokenizer_config.json'];
/** More of them: MUTANTS=30000. */
const COUNT = Number(process.env.MUTANTS ?? 3000);
const share = (part: number) => Math.ceil(part * COUNT);
let whole: Files;
let sharded: Files;

beforeAll(async () => {
  const { dir } = await randomModel(root, 'm', {
    seed: 3,
    kind: 'pooled',
    prunes: true,
    layers: 2,
    hiddenSize: 8,
    tau: 0.5,
  });
  whole = filesOf(dir, [...TEXTS, 'model.safetensors']);
  const tensors = [...(await readSafetensors(join(dir, 'model.safetensors')))];
  const shards = ['model-1.safetensors', 'model-2.safetensors'];
  for (const [i, name] of shards.entries())
    await writeSafetensors(join(dir, name), new Map(tensors.filter((_, at) => at % 2 === i)));
  const map = Object.fromEntries(tensors.map(([name], at) => [name, shards[at % 2]]));
  writeFileSync(join(dir, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
  sharded = filesOf(dir, [...TEXTS, 'model.safetensors.index.json', ...shards]);
});

/** Every mutant came to an end of either kind; what they were is printed for the record. */
function expectAll(name: string, count: number, tally: Tally): void {
  const { refused, answered, slowestMs, codes } = tally;
  console.log(`${name}: ${refused} refused, ${answered} answered, slowest ${slowestMs.toFixed(0)} ms`, codes);
  expect(refused + answered).toBe(count);
  expect(refused).toBeGreaterThan(count / 10);
}

describe('of thousands of changed files each is refused by the catalogue or answers within two seconds:', () => {
  it.each([1, 2, 3])('model folders with one file of weights (seed %i)', { timeout: 1_800_000 }, async (seed) => {
    expectAll(`folder ${seed}`, share(0.15), await tryMutants(whole, seed, share(0.15)));
  });

  it.each([4, 5])('model folders with weights in shards (seed %i)', { timeout: 1_800_000 }, async (seed) => {
    expectAll(`shards ${seed}`, share(0.15), await tryMutants(sharded, seed, share(0.15)));
  });

  it('traces (seed 6)', async () => {
    const path = join(root, 'trace.jsonl');
    await writeTrace(path, randomTrace({ seed: 6, texts: 3 }));
    const files = filesOf(root, ['trace.jsonl', 'trace.jsonl.meta.json']);
    const tally = newTally();
    for (let i = 0; i < share(0.2); i++) {
      const random = randomStream(6, 'trace', String(i));
      const name = random.next() < 0.5 ? 'trace.jsonl' : 'trace.jsonl.meta.json';
      const changed = name === 'trace.jsonl' ? mutateBytes(random, files[name]) : mutateText(random, files[name]);
      for (const [one, bytes] of Object.entries({ ...files, [name]: changed })) writeFileSync(join(root, one), bytes);
      await judged(tally, `trace ${i}`, async () => {
        const trace = await readTrace(path);
        judge(trace, null);
        if (trace.headKind !== 'none') tradeoff(trace);
      });
    }
    expectAll('traces', share(0.2), tally);
  });

  it('training.json (seed 7)', async () => {
    const dir = join(root, 'trained');
    mkdirSync(dir);
    const rows = join(dir, 'rows.csv');
    writeFileSync(rows, `text,label\n${Array.from({ length: 40 }, (_, i) => `text ${i},${'ab'[i % 2]}\n`).join('')}`);
    const training = new TextEncoder().encode(
      JSON.stringify({ options: { train: rows, out: dir, seed: 1, method: 'mp', epochs: 1 }, seed: 1 }),
    );
    const tally = newTally();
    for (let i = 0; i < share(0.05); i++) {
      const random = randomStream(7, 'training', String(i));
      writeFileSync(join(dir, 'training.json'), mutateText(random, training));
      await judged(tally, `training ${i}`, async () => {
        expect((await validationRows(dir)).labels).toHaveLength(2);
      });
    }
    expectAll('training.json', share(0.05), tally);
  });
});
