import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LoopLag } from '../../src/serve/loop-lag.ts';

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('the lag is the mean turn of the event loop since it was last read', async () => {
  const lag = new LoopLag();
  await delay(50);
  lag.read();
  for (let turn = 0; turn < 10; turn++) {
    block(30);
    await delay(0);
  }
  const busy = lag.read();
  expect(busy).toBeGreaterThan(15);
  await delay(100);
  expect(lag.read()).toBeLessThan(busy / 2);
  lag.close();
});
