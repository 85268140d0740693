/** Lone texts that wait for the next turn: each is let go once, whatever comes while others are. */
import { expect, test } from 'vitest';
import { LoneTexts } from '../../src/engine/lone-texts.ts';
import type { Turn } from '../../src/engine/workers/turn.ts';

/** A turn that is used up every other time somebody asks. */
function restlessTurn(): Turn {
  let asked = 0;
  return {
    get isSpent() {
      return asked++ % 2 === 1;
    },
    next: () => new Promise<void>((resolve) => void setImmediate(resolve)),
  } as unknown as Turn;
}

test('texts that come while others are let go are let go in order, one after the other, and all of them', async () => {
  const lone = new LoneTexts(restlessTurn());
  const order: string[] = [];
  /** A loop of lone texts, as `for (…) await classify(text)`: the next one comes as soon as this one is answered. */
  const loop = async (name: string) => {
    for (let i = 0; i < 50; i++) {
      await lone.next();
      order.push(`${name}${i}`);
    }
  };
  await Promise.all([loop('a'), loop('b'), loop('c')]);
  expect(order).toHaveLength(150);
  for (const name of ['a', 'b', 'c'])
    expect(order.filter((one) => one.startsWith(name))).toEqual(Array.from({ length: 50 }, (_, i) => `${name}${i}`));
});
