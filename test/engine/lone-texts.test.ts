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

test.each([1, 2, 3])(
  'texts of %i callers that come while others are let go are let go in order, each once',
  async (callers) => {
    const faults: unknown[] = [];
    const onFault = (error: unknown) => void faults.push(error);
    process.on('unhandledRejection', onFault);
    for (let texts = 1; texts <= 12; texts++) {
      const lone = new LoneTexts(restlessTurn());
      const order: string[] = [];
      /** One text after the other, as `for (…) await classify(text)`: the next comes as soon as this one is answered. */
      const call = async (name: number) => {
        for (let i = 0; i < texts; i++) {
          await lone.next();
          order.push(`${name} ${i}`);
        }
      };
      await Promise.all(Array.from({ length: callers }, (_, name) => call(name)));
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      for (let name = 0; name < callers; name++)
        expect(order.filter((one) => one.startsWith(`${name} `))).toEqual(
          Array.from({ length: texts }, (_, i) => `${name} ${i}`),
        );
    }
    process.off('unhandledRejection', onFault);
    expect(faults).toEqual([]);
  },
);
