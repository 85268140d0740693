// Runs of a campaign that are done one by one, as several machines do them: what waits for what.
import { describe, expect, test } from 'vitest';
import { runsBefore } from '../../src/experiment/run-alone.ts';
import { tinyCampaign } from '../support/tiny-campaign.ts';

describe('what comes before a run', () => {
  test('plain BERT of its task and seed, and the first run that trains a stage which both build on', () => {
    const methods = ['mp', 'ltp', 'linear', 'distilbert', 'bert'];
    const before = runsBefore(tinyCampaign('/nowhere', 'order', { methods, seeds: 2 }));
    const inGroup = (first: number) => [
      { baseline: null, stages: [] }, // bert
      { baseline: first, stages: [first] }, // mp trains soft and hard pruning first
      { baseline: first, stages: [first, first + 1] }, // ltp
      { baseline: first, stages: [] }, // linear
      { baseline: first, stages: [first] }, // distilbert: its teacher is plain BERT
    ];
    expect(before).toEqual([...inGroup(0), ...inGroup(5)]);
  });

  test('without plain BERT the first run trains what the others share', () => {
    const before = runsBefore(
      tinyCampaign('/nowhere', 'order', { methods: ['ltp', 'fastbert'], tasks: ['mrpc', 'ag_news'] }),
    );
    expect(before.map(({ stages }) => stages)).toEqual([[], [0], [], [2]]);
    expect(before.every(({ baseline }) => baseline === null)).toBe(true);
  });
});
