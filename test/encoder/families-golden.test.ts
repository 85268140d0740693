import { expect, test } from 'vitest';
import { FAMILIES, type FamilyName, parameterShapes, parseConfig } from '../../src/encoder/index.ts';
import { Graph, type Value } from '../../src/graph/index.ts';
import { headSettings } from '../../src/pyramid/exits/exits.ts';
import { network } from '../../src/pyramid/network.ts';
import { goldens } from '../support/tiny-family.ts';
import { familyContract } from './family.contract.ts';

const names = (Object.keys(FAMILIES) as FamilyName[]).filter((name) => name !== 'linear'); // which has no network

test('every family has reference values', () => {
  // ModernBERT with the features that its checkpoints mostly lack
  expect(Object.keys(goldens).sort()).toEqual([...names, 'modernbert-mean'].sort());
});

for (const name of names) familyContract(name, name);
familyContract('modernbert', 'modernbert-mean');

// transformers' modeling_*.py: embeddings, attention, its projection, feed-forward, classifier, and before that where it does
const rates: Readonly<Record<Exclude<FamilyName, 'linear'>, readonly number[]>> = {
  bert: [0.1, 0.3, 0.1, 0.1, 0.1],
  distilbert: [0.1, 0.3, 0, 0.1, 0.2],
  electra: [0.1, 0.3, 0.1, 0.1, 0.1, 0.1],
  roberta: [0.1, 0.3, 0.1, 0.1, 0.1, 0.1],
  'xlm-roberta': [0.1, 0.3, 0.1, 0.1, 0.1, 0.1],
  mpnet: [0.1, 0.3, 0.1, 0.1, 0.1, 0.1],
  modernbert: [0, 0.3, 0.3, 0, 0],
  'deberta-v2': [0.1, 0.3, 0.1, 0.1, 0.15, 0.2],
};

test.each(names.flatMap((name) => [[name, 'rows'] as const, [name, 'peek'] as const]))(
  '%s drops out where and as much as transformers does (last layer: %s)',
  (name, lastLayer) => {
    const { attentionDropout } = FAMILIES[name].keys;
    const config = parseConfig({ ...goldens[name].config, [attentionDropout]: 0.3 }, 'config.json');
    const places: [string, number][] = [];
    const g = new Graph();
    const shapes = parameterShapes(config);
    const made = new Map<string, Value>();
    g.input('targets', 'float32', ['B', 3]);
    network(
      g,
      (parameter) => {
        const value = made.get(parameter) ?? g.input(parameter, 'float32', shapes.get(parameter)!);
        made.set(parameter, value);
        return value;
      },
      config,
      {
        words: g.input('words', 'float32', ['N', config.embeddingSize]),
        types: g.input('types', 'int64', ['N']),
        sequence: g.input('sequence', 'int64', ['N']),
      },
      {
        pruning: 'none',
        heads: headSettings('none', false),
        lastLayer,
        dropout(x, place, rate) {
          places.push([place, rate]);
          return x;
        },
      },
    );
    const [embeddings, attention, projection, output, classifier, input] = rates[name];
    const layers = Array.from({ length: config.layers }, (_, layer) => layer).flatMap((layer): [string, number][] => [
      ...(config.form.disentangled ? [[`layer.${layer}.attention.distances`, 0.1] as [string, number]] : []),
      [`layer.${layer}.attention.probabilities`, attention],
      [`layer.${layer}.attention.output`, projection],
      [`layer.${layer}.${config.form.gated ? 'intermediate' : 'output'}`, output],
    ]);
    const head: [string, number][] = [
      ...(input ? [['classifier.input', input] as [string, number]] : []),
      ['classifier', classifier],
    ];
    expect(places).toEqual([['embeddings', embeddings], ...layers, ...head]);
  },
);
