import { afterEach, describe, expect, test, vi } from 'vitest';
import type { StartOptions } from '../../src/serve/index.ts';
import { cli } from './fake.ts';

async function started(...args: string[]) {
  let options: StartOptions | null = null;
  const outcome = await cli(['serve', ...args], {
    async serve(given) {
      options = given;
    },
  });
  return { ...outcome, options: options as StartOptions | null };
}

afterEach(() => vi.unstubAllEnvs());

describe('magic-pyramid serve', () => {
  test('serves a folder on loopback with the defaults', async () => {
    const { code, options } = await started('--model', 'runs/mails');
    expect(code).toBe(0);
    expect(options).toMatchObject({
      model: [{ name: 'mails', dir: 'runs/mails' }],
      hostname: '127.0.0.1',
      port: 8080,
      tau: null,
      maxConcurrentRequests: 512,
      apiKey: null,
    });
  });

  test('takes several models, named or by their folder, org/name@revision too', async () => {
    const { options } = await started('--model', 'spam=runs/a', '--model', 'runs/topics/', '--model', 'org/name@v1');
    expect(options!.model).toEqual([
      { name: 'spam', dir: 'runs/a' },
      { name: 'topics', dir: 'runs/topics/' },
      { name: 'name', dir: 'org/name@v1' },
    ]);
    const twice = await started('--model', 'a/x', '--model', 'b/x');
    expect(twice).toMatchObject({ code: 2, stderr: expect.stringContaining('two models are named "x"') });
  });

  test('takes times with a unit', async () => {
    const { options } = await started(
      '--model',
      'm',
      '--slo-p95',
      '50ms',
      '--shutdown-timeout',
      '1.5s',
      '--body-timeout',
      '2m',
    );
    expect(options).toMatchObject({ sloP95: 50, shutdownTimeout: 1500, bodyTimeout: 120_000 });
    expect((await started('--model', 'm', '--slo-p95', 'soon')).code).toBe(2);
  });

  test('takes what the environment says, a flag wins, and an empty variable is none', async () => {
    vi.stubEnv('MAGIC_PYRAMID_MODEL', 'a=runs/a,b=runs/b');
    vi.stubEnv('PORT', '9000');
    vi.stubEnv('MAGIC_PYRAMID_TAU', 'auto');
    vi.stubEnv('MAX_CLIENT_BATCH_SIZE', '');
    vi.stubEnv('HOSTNAME', 'pod-7');
    const { options } = await started('--tau', '0.3');
    expect(options).toMatchObject({ port: 9000, tau: 0.3, maxClientBatchSize: 32, hostname: '127.0.0.1' });
    expect(options!.model.map(({ name }) => name)).toEqual(['a', 'b']);
    vi.stubEnv('MAGIC_PYRAMID_PORT', '9001');
    expect((await started()).options).toMatchObject({ port: 9001 });
    vi.stubEnv('MAGIC_PYRAMID_PORT', 'many');
    expect(await started()).toMatchObject({ code: 2, stderr: expect.stringContaining('MAGIC_PYRAMID_PORT is "many"') });
  });

  test('wants a model, and says what each option may be', async () => {
    expect(await started()).toMatchObject({
      code: 2,
      options: null,
      stderr: expect.stringContaining('--model is missing'),
    });
    expect((await started('--model', 'm', '--tau', '2')).code).toBe(2);
    expect((await started('--model', 'm', '--cors-allow-origin', 'example.com')).code).toBe(2);
    const { stdout } = await cli(['serve', '--help']);
    expect(stdout).toMatch(/-p, --port <N>\s+0 is any that is free \[MAGIC_PYRAMID_PORT, PORT\]\s+\(default: 8080\)/);
  });
});
