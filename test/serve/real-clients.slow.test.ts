import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { protocolServer } from '../support/protocol-server.ts';
import { askClient, hasClients, needsClients } from '../support/python-clients.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

type Labels = [string, number][];
interface HubSays {
  readonly all: Labels[];
  readonly predict: Labels;
  readonly top2: Labels;
  readonly logits: Labels;
  readonly unknownModel: unknown;
}

type Tensors = Record<'label' | 'score' | 'scores' | 'exit', { shape: number[]; data: number[] }>;
type TritonSays = Record<'binary' | 'json' | 'mixed' | 'column' | 'version' | 'gzip' | 'pair' | 'off', Tensors> & {
  readonly classes: { scores: { shape: number[]; data: string[] } };
  readonly server: unknown;
  readonly metadata: unknown;
  readonly unknownModel: unknown;
  readonly unknownOutput: unknown;
  readonly config: unknown;
};

const texts = [...randomTexts(3, 12).filter((text) => text !== ''), 'w1 \u{1F600} é', ''];

describe.skipIf(!hasClients)(`existing clients${needsClients}`, () => {
  const root = temporaryFolder();
  let server: Awaited<ReturnType<typeof protocolServer>>;
  /** What the route of vLLM says: probabilities in the order of the labels. */
  let expected: { label: string; probs: number[] }[];

  beforeAll(async () => {
    const { dir } = await randomModel(root, 'mails', { seed: 11, kind: 'pooled', prunes: true, tau: 0.7 });
    server = await protocolServer({ mails: dir });
    const response = await fetch(`${server.url}/classify`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ input: texts, truncate_prompt_tokens: -1 }),
    });
    ({ data: expected } = (await response.json()) as { data: typeof expected });
    expect(expected).toHaveLength(texts.length);
  });
  afterAll(() => server?.close());

  test('huggingface_hub.InferenceClient.text_classification reads every label of a text', async () => {
    const said = await askClient<HubSays>('hub.py', [server.url], texts);
    const ranked = (probs: readonly number[]) =>
      probs.map((p, i) => ['abc'[i], p] as const).sort((a, b) => b[1] - a[1]);
    const close = (list: Labels, probs: readonly number[], count = 3) => {
      expect(list.map(([label]) => label)).toEqual(
        ranked(probs)
          .slice(0, count)
          .map(([label]) => label),
      );
      for (const [i, [, score]] of list.entries()) expect(score).toBeCloseTo(ranked(probs)[i][1], 5);
    };
    for (const [i, list] of said.all.entries()) close(list, expected[i].probs);
    close(said.predict, expected[0].probs);
    close(said.top2, expected[0].probs, 2);
    expect(said.logits.map(([label]) => label)).toEqual(said.all[0].map(([label]) => label));
    expect(said.unknownModel).toMatchObject({ status: 404, body: { error_type: 'Validation' } });
  });

  test('tritonclient.http infers with binary data and with JSON', async () => {
    const said = await askClient<TritonSays>('triton.py', [new URL(server.url).host, 'mails'], texts);
    expect(said).toMatchObject({ live: true, ready: true, modelReady: true, otherReady: false, id: '7' });
    expect(said.server).toMatchObject({ name: 'magic-pyramid' });
    expect(said.metadata).toMatchObject({ name: 'mails', inputs: [{ name: 'text', datatype: 'BYTES' }] });
    for (const way of ['binary', 'json', 'mixed', 'column', 'version', 'gzip'] as const) {
      const { label, score, scores, exit } = said[way];
      expect(label, way).toEqual({ shape: [texts.length], data: expected.map((one) => one.label) });
      expect(scores.shape, way).toEqual([texts.length, 3]);
      expect(exit.shape, way).toEqual([texts.length]);
      for (const [i, { probs }] of expected.entries()) {
        expect(score.data[i], way).toBeCloseTo(Math.max(...probs), 5);
        for (const [j, p] of probs.entries()) expect(scores.data[3 * i + j], way).toBeCloseTo(p, 5);
      }
    }
    expect(said.pair.label.shape).toEqual([1]);
    expect(said.pair.score.data[0]).not.toBeCloseTo(said.binary.score.data[0], 4);
    expect(new Set(said.off.exit.data)).toEqual(new Set([4]));
    expect(said.classes.scores.shape).toEqual([texts.length, 2]);
    for (const [i, { label }] of expected.entries()) expect(said.classes.scores.data[2 * i]).toMatch(`:${label}`);
    expect(said.unknownModel).toMatchObject({ status: '404', message: expect.stringContaining('"other"') });
    expect(said.unknownOutput).toMatchObject({ status: '400', message: expect.stringContaining('"nothing"') });
    expect(said.config).toMatchObject({ status: '404', message: expect.stringContaining('/v2/models/mails/config') });
  });
});
