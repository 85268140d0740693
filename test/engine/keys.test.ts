/**
 * Where keys do not fold into the query, a block takes those that its peek made. That the answers are the same is in
 * test/property/same-logits.test.ts; here, that the way is taken where it should be, and no other.
 */
import { expect, test } from 'vitest';
import { asWritten, blockGraph, keysGraph, peekGraph } from '../../src/engine/graphs.ts';
import { newJob } from '../../src/engine/job.ts';
import { Programs } from '../../src/engine/programs.ts';
import type { Graph } from '../../src/graph/index.ts';
import type { HeadKind } from '../../src/pyramid/exits/exits.ts';
import { compile } from '../support/cpu.ts';
import { DEBERTA, randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const MORE = { bert: {}, modernbert: { pad_token_id: 0 }, 'deberta-v2': DEBERTA };
const model = async (family: keyof typeof MORE, kind: HeadKind) => {
  const more = MORE[family];
  const made = await randomModel(root, `${family}-${kind}`, { family, more, kind, prunes: true, seed: 1, layers: 3 });
  return made.model;
};
const inputs = ({ inputs }: Graph) => inputs.map(({ name }) => name);
const outputs = ({ outputs }: Graph) => outputs.map(({ name }) => name);
/** Products of the graph by the weight that they read. */
const reads = (g: Graph, part: string) =>
  g.constants.some(({ name }) => name.includes(`attention.self.${part}.weight`));

test.each(['modernbert', 'deberta-v2'] as const)('a block of %s takes the keys of its peek', async (family) => {
  const written = asWritten(await model(family, 'pooled'), null);
  expect(outputs(peekGraph(written, 1))).toEqual(['keys', 'logits']);
  expect(outputs(keysGraph(written, 1))).toEqual(['keys']);
  const block = blockGraph(written, 1);
  expect(inputs(block)).toContain('keys');
  // those of distances are projected all the same
  expect(reads(block, 'key')).toBe(family === 'deberta-v2');
  expect(block.inputs.find(({ name }) => name === 'keys')!.shape).toEqual(['N', 32]);
  expect(reads(block, 'value')).toBe(true);
});

test.each([
  ['with int8, whose bytes would hang on the batch', 'modernbert', 'pooled', 8],
  ['where the head is asked after its layer', 'modernbert', 'fastbert', null],
  ['where there is no head', 'modernbert', 'none', null],
  ['where the keys fold', 'bert', 'pooled', null],
] as const)('a block makes its own keys %s', async (_, family, kind, bits) => {
  const written = asWritten(await model(family, kind), bits);
  expect(inputs(blockGraph(written, 1))).not.toContain('keys');
  if (kind === 'pooled') expect(outputs(peekGraph(written, 1))).toEqual(['logits']);
});

test('a block of a layer that is not asked makes its own keys', async () => {
  const of = await model('modernbert', 'pooled');
  const written = asWritten({ ...of, info: { ...of.info, asked: [false, true] } }, null);
  expect(inputs(blockGraph(written, 1))).not.toContain('keys');
  expect(inputs(blockGraph(written, 2))).toContain('keys');
});

test.each(['modernbert', 'deberta-v2'] as const)(
  'keys of %s are made by themselves only for texts that were not peeked at',
  async (family) => {
    const names: string[] = [];
    const programs = await Programs.create(await model(family, 'pooled'), async (graph, name) => {
      const program = await compile(graph, name);
      return {
        ...program,
        close: () => program.close(),
        run: (feeds) => {
          names.push(name);
          return program.run(feeds);
        },
      };
    });
    const encoding = { ids: Int32Array.of(2, 5, 6, 3), types: new Uint8Array(4), truncated: false };
    const [peeked, not] = [0, 1].map((id) => newJob(id, encoding, { tau: id === 0 ? 0.5 : null, trace: false }));
    await programs.ask('peek', 1, [peeked]);
    await programs.advance(1, [peeked]);
    expect(names.splice(0)).toEqual(['peek-1', 'block-1']);
    await programs.ask('peek', 2, [peeked]);
    await programs.advance(1, [not]);
    await programs.advance(2, [peeked, not]); // one with keys and one without
    expect(names).toEqual(['peek-2', 'keys-1', 'block-1', 'keys-2', 'block-2']);
    expect(Math.max(...peeked.x!.map((value, i) => Math.abs(value - not.x![i])))).toBeLessThan(1e-5);
    expect(peeked.keys).toBeNull();
    await programs.close();
  },
);
