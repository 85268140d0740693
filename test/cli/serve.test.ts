import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { StartOptions } from '../../src/serve/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { cli } from './fake.ts';

const root = temporaryFolder();

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

  test('reads the environment; flags override it, and an empty variable does not count', async () => {
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

  test('ignores a variable that Kubernetes sets for a service of that name, and says so', async () => {
    for (const link of ['tcp://10.96.0.12:80', 'udp://10.96.0.12:53', 'TCP://[fd00::1]:80']) {
      vi.stubEnv('MAGIC_PYRAMID_PORT', link);
      const { code, options, stderr } = await started('--model', 'm');
      expect([code, options?.port]).toEqual([0, 8080]);
      expect(stderr).toContain(`note: MAGIC_PYRAMID_PORT is "${link}"`);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    }
    vi.stubEnv('PORT', '9000'); // what was set for it still counts
    expect((await started('--model', 'm')).options?.port).toBe(9000);
    vi.stubEnv('PORT', 'tcp://10.96.0.12:80');
    expect((await started('--model', 'm')).options?.port).toBe(8080);
    vi.stubEnv('MAGIC_PYRAMID_HOSTNAME', 'tcp://10.96.0.12:80'); // no service is called so
    expect((await started('--model', 'm')).options?.hostname).toBe('tcp://10.96.0.12:80');
  });

  test('does not look at a variable that a flag or the file replaces', async () => {
    vi.stubEnv('MAGIC_PYRAMID_PORT', 'many');
    vi.stubEnv('MAGIC_PYRAMID_TAU', 'soon');
    vi.stubEnv('MAGIC_PYRAMID_MODEL', 'a=x,a=y');
    const config = join(root, 'options.yaml');
    await writeFile(config, 'tau: 0.4\n');
    const { code, options, stderr } = await started('--port', '8961', '--model', 'm', '--config', config);
    expect({ code, stderr, port: options?.port, tau: options?.tau }).toEqual({
      code: 0,
      stderr: '',
      port: 8961,
      tau: 0.4,
    });
    expect((await started('--model', 'm', '--config', config)).stderr).toContain('MAGIC_PYRAMID_PORT is "many"');
  });

  test('takes an existing folder as a folder, whatever characters its name has', async () => {
    for (const name of ['lr=3e-5', 'a,b', 'epoch=1,lr=2', 'öut 1', '模型', 'v@2', 'plain'])
      await mkdir(join(root, name));
    const cwd = process.cwd();
    process.chdir(root);
    try {
      const named = async (...models: string[]) =>
        (await started(...models.flatMap((model) => ['--model', model]))).options!.model.map(({ name, dir }) => [
          name,
          dir,
        ]);
      expect(await named('lr=3e-5')).toEqual([['lr-3e-5', 'lr=3e-5']]);
      expect(await named('./lr=3e-5')).toEqual([['lr-3e-5', './lr=3e-5']]);
      expect(await named('x=lr=3e-5', 'y=a,b', 'a,b')).toEqual([
        ['x', 'lr=3e-5'],
        ['y', 'a,b'],
        ['a-b', 'a,b'],
      ]);
      expect(await named('epoch=1,lr=2', 'plain')).toEqual([
        ['epoch-1-lr-2', 'epoch=1,lr=2'],
        ['plain', 'plain'],
      ]);
      expect(await named('öut 1', '模型', 'v@2', 'ö=plain')).toEqual([
        ['öut-1', 'öut 1'],
        ['模型', '模型'],
        ['v-2', 'v@2'],
        ['ö', 'plain'],
      ]);
      expect(await named('.')).toEqual([[basename(root), '.']]);
      process.chdir('plain');
      expect(await named('..', './')).toEqual([
        [basename(root), '..'],
        ['plain', './'],
      ]);
    } finally {
      process.chdir(cwd);
    }
    for (const model of ['my model=runs/x', '..=runs/x', '=runs/x', 'a&b=runs/x'])
      expect(await started('--model', model)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("cannot be a model's name"),
      });
  });

  test('requires a model, and says what each option may be', async () => {
    expect(await started()).toMatchObject({
      code: 2,
      options: null,
      stderr: expect.stringContaining('--model is missing'),
    });
    expect((await started('--model', 'm', '--tau', '2')).code).toBe(2);
    expect((await started('--model', 'm', '--cors-allow-origin', 'example.com')).code).toBe(2);
    expect((await started('--model', 'm', '--allowed-hosts', 'http://example.com')).code).toBe(2);
    expect((await started('--model', 'm', '--allowed-hosts', 'a.example,B.example')).options?.allowedHosts).toEqual([
      'a.example',
      'B.example',
    ]);
    const { stdout } = await cli(['serve', '--help']);
    expect(stdout).toMatch(
      /-p, --port <N>\s+the port to listen on; 0 picks a free port \[MAGIC_PYRAMID_PORT, PORT\]\s+\(default: 8080\)/,
    );
  });
});
