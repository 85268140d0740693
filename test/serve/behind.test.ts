/** A server whose own thread is behind: its clock, which starts when a request is read, does not see it; its tau must. */
import { expect, test, vi } from 'vitest';
import { LoopLag } from '../../src/serve/loop-lag.ts';
import { protocolServer } from '../support/protocol-server.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();

test.each([
  [0, 'stays'],
  [5000, 'rises'],
])('at %i ms behind tau %s, however fast the answers are', async (lagMs, what) => {
  vi.spyOn(LoopLag.prototype, 'read').mockReturnValue(lagMs);
  const { dir } = await randomModel(root, `mails-${lagMs}`, { seed: 11, kind: 'pooled', prunes: true, tau: 0.2 });
  const server = await protocolServer({ mails: dir }, { tau: 'auto', maxTau: 0.9, sloP95: 5000 });
  let tau: number | null = null;
  for (let i = 0; i < 40; i++) {
    const response = await fetch(`${server.url}/v1/classify`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"inputs":"w1 w2"}',
    });
    tau = Number(response.headers.get('x-tau'));
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  if (what === 'stays') expect(tau).toBe(0.2);
  else expect(tau).toBeGreaterThan(0.25);
  await server.close();
  vi.restoreAllMocks();
});
