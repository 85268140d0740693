/**
 * A server that answers at once, for what is the page's own work: the built page, and POST /v1/classify with answers
 * that a test can foretell from the text alone.
 */
import type { Explanation } from '../../src/engine/index.ts';
import { hash } from '../../src/random.ts';
import { type StaticSite, staticSite } from './static-site.ts';

export const LAYERS = 6;

export const quickAnswer = (text: string) => {
  const h = hash(text) >>> 0;
  return { label: ['ham', 'spam'][h % 2], score: 0.5 + (h % 1000) / 2000, exit: 1 + (h % LAYERS) };
};

const info = {
  name: 'quick',
  labels: ['ham', 'spam'],
  shape: { layers: LAYERS, hiddenSize: 384, heads: 12, intermediateSize: 1536, labels: 2 },
  tau: 0.5,
  tauFrom: 'chosen',
  certificate: null,
  certificateVoid: null,
  calibration: null,
  method: 'mp',
  problemType: 'single_label_classification',
  pairs: false,
  headKind: 'pooled',
  headWidth: 128,
  abstention: null,
  abstentionVoid: null,
  asked: null,
  prunes: true,
  maxLength: 128,
  dtype: 'fp32',
  device: 'server',
  threads: null,
};

const explanation: Explanation = {
  label: 'ham',
  score: 0.9,
  unsure: false,
  exit: 1,
  tau: 0.5,
  truncated: false,
  pieces: ['[CLS]', 'word', '[SEP]'],
  types: [0, 0, 0],
  floor: null,
  layers: Array.from({ length: LAYERS }, () => ({
    importance: [0.5, 0.3, 0.2],
    kept: [true, true, true],
    scores: { ham: 0.9, spam: 0.1 },
    uncertainty: 0.47,
  })),
};

export const quickServer = (): Promise<StaticSite> =>
  staticSite({
    folders: [['/', 'dist/page']],
    pages: {
      '/v1/models': { type: 'application/json', text: JSON.stringify({ data: [{ id: 'quick' }] }) },
      '/v1/models/quick': { type: 'application/json', text: JSON.stringify(info) },
    },
    other: async (request, response) => {
      if (/\/(trace|report|examples)$/.test(request.url!)) {
        response.writeHead(204).end();
        return;
      }
      let body = '';
      for await (const part of request) body += part;
      const json = (value: unknown) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      if (request.url === '/v1/explain') {
        json(explanation);
        return;
      }
      const { inputs } = JSON.parse(body) as { readonly inputs: readonly string[] };
      const results = inputs.map((text) => ({ ...quickAnswer(text), tokens: [20], truncated: false, flops: 1e6 }));
      json({ results });
    },
  });
