/** Try, of a model that gives a text any number of labels: the answer before its explanation, and what each exit says. */
import { expect, test } from 'vitest';
import { asAnswerAt } from '../../web/src/try/as-answer-at.ts';
import { said, saidText } from '../../web/src/try/said.ts';
import { smallShape } from '../support/random-trace.ts';

const labels = ['sport', 'tech'];
const answer = { label: 'sport', score: 0.32, exit: 1, tokens: [4, 3], truncated: false, flops: 9 };

test('an answer without its explanation keeps its labels, also where there are none', () => {
  const info = { shape: smallShape, labels };
  expect(asAnswerAt({ ...answer, labels: [] }, info)).toMatchObject({ label: 'sport', labels: [], unsure: false });
  expect(asAnswerAt({ ...answer, labels }, info).labels).toEqual(labels);
  expect(asAnswerAt(answer, info)).not.toHaveProperty('labels');
});

test('an unsure answer without its explanation has the likeliest label of its ranking', () => {
  const unsure = { ...answer, label: 'unsure', scores: { tech: 0.32, sport: 0.3 } };
  expect(asAnswerAt(unsure, { shape: smallShape, labels })).toMatchObject({ label: 'tech', unsure: true });
});

test('an exit says every label that reaches its threshold, and that there is none', () => {
  const info = { labels, labelThresholds: [0.3, 0.6] };
  const text = (sport: number, tech: number) => saidText(said({ sport, tech }, info));
  expect(text(0.3, 0.7)).toBe('sport, 0.30, tech, 0.70');
  expect(text(0.32, 0.5)).toBe('sport, 0.32'); // not the likeliest
  expect(text(0.2, 0.5)).toBe('no label');
  expect(said({ sport: 0.2, tech: 0.5 }, info)).toEqual([{ label: 'no label', score: null }]);
});

test('an exit of a model without thresholds says its likeliest label, or its number', () => {
  expect(saidText(said({ sport: 0.2, tech: 0.8 }, { labels }))).toBe('tech, 0.80');
  expect(saidText(said({ stars: -1.5 }, { labels: ['stars'] }))).toBe('stars, -1.50');
});
