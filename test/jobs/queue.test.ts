import { afterEach, describe, expect, test, vi } from 'vitest';
import { ShardQueue } from '../../src/jobs/queue.ts';

afterEach(() => vi.doUnmock('bullmq'));

describe('a queue whose packages are not installed', () => {
  test.each([
    ['redis://127.0.0.1:1', 'bullmq, ioredis', 'npm install bullmq ioredis'],
    ['postgres://127.0.0.1:1/x', 'bullmq, pg', 'npm install bullmq pg'],
  ])('%s is refused with the names of those it needs', async (url, names, install) => {
    vi.doMock('bullmq', () => {
      throw new Error('not installed');
    });
    const opening = ShardQueue.open('run', url);
    await expect(opening).rejects.toMatchObject({ code: 'MP_QUEUE_PACKAGE' });
    await expect(opening).rejects.toThrow(`this queue needs ${names}, not installed here; run ${install}`);
  });
});

describe('a queue that is not reached', () => {
  test.each(['redis://me:secret@127.0.0.1:1', 'postgres://me:secret@127.0.0.1:1/jobs'])(
    '%s is one error, without the password',
    async (url) => {
      const error = await ShardQueue.open('run', url).catch((found) => found);
      expect(error).toMatchObject({ code: 'MP_QUEUE' });
      expect(error.message).toMatch(
        /^the queue at (redis|postgres):\/\/127\.0\.0\.1:1\S* is not reached \(.*ECONNREFUSED/,
      );
      expect(error.message).not.toContain('secret');
    },
  );

  test('is waited for as long as is said, and the waiting told once', async () => {
    const told: unknown[] = [];
    const begun = performance.now();
    const patience = { forMs: 600, onWait: (error: unknown) => told.push(error) };
    const error = await ShardQueue.openWhenThere('run', 'redis://127.0.0.1:1', patience).catch((found) => found);
    expect(error).toMatchObject({ code: 'MP_QUEUE' });
    expect(performance.now() - begun).toBeGreaterThan(590);
    expect(told).toHaveLength(1);
  });
});
