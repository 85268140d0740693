import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/random.ts';
import { chooseSum } from '../../../src/train/linear/index.ts';

/** Two experts that saw different halves of what decides, each as sure as it is right. */
function experts(n: number, { floorWeight = 1, share = 0.5, seed = 1 } = {}) {
  const random = randomStream(seed, 'experts');
  const network = new Float64Array(2 * n);
  const floor = new Float64Array(2 * n);
  const prior = Math.log(share / (1 - share));
  const truth = Array.from({ length: n }, (_, i) => {
    const label = random.next() < share ? 1 : 0;
    const side = label ? 1 : -1;
    // log-odds of a normal signal with mean ±1 and deviation 1: 2 x
    network[2 * i + 1] = 2 * (side + random.normal()) + prior;
    floor[2 * i + 1] = floorWeight * 2 * (side + random.normal()) + prior;
    return label;
  });
  return { labels: 2, network, floor, truth, prior: [1 - share, share] };
}

describe('the sum of floor 0 and the network', () => {
  test('is the plain one where both say something of their own', () => {
    expect(chooseSum(experts(2000))).toMatchObject({ weight: 1, priorShare: 0 });
  });

  test('weighs a floor that is too sure of itself less', () => {
    const { weight, logLoss } = chooseSum(experts(2000, { floorWeight: 4 }));
    expect(weight).toBe(0.25);
    expect(logLoss.chosen).toBeLessThan(logLoss.plain);
  });

  test('takes the prior off once where labels are far from even', () => {
    expect(chooseSum(experts(4000, { share: 0.05 }))).toMatchObject({ weight: 1, priorShare: 1 });
  });

  test('is the plain one where the network is right as often and far too sure of itself', () => {
    const rows = experts(2000);
    const sure = { ...rows, network: rows.network.map((z) => 4 * z), floor: rows.floor.map((z) => 4 * z) };
    const { weight, logLoss } = chooseSum(sure);
    expect(weight).toBe(1);
    expect(logLoss.chosen).toBeLessThan(logLoss.network);
  });

  test('is the network alone where the floor does harm', () => {
    const rows = experts(2000);
    const harmful = { ...rows, floor: rows.floor.map((z) => -z) };
    const { weight, logLoss } = chooseSum(harmful);
    expect(weight).toBe(0);
    expect(logLoss.chosen).toBe(logLoss.network);
    expect(logLoss.plain).toBeGreaterThan(logLoss.network);
  });

  test('stays plain where few rows cannot tell', () => {
    expect(chooseSum(experts(12, { floorWeight: 0.8, seed: 4 }))).toMatchObject({ weight: 1, priorShare: 0 });
  });

  test('adds nothing to a text that the floor knows nothing of', () => {
    const rows = experts(500);
    const { logLoss } = chooseSum({ ...rows, known: new Uint8Array(500) });
    expect(logLoss.plain).toBe(logLoss.network);
  });
});
