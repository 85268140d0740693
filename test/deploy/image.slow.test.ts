import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { followDockerfile, type Image } from '../support/follow-dockerfile.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** One that is free now. */
async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

describe('the image, its Dockerfile followed in a folder', () => {
  const root = temporaryFolder();
  let image: Image;
  let model: string;

  beforeAll(async () => {
    ({ dir: model } = await randomModel(root, 'model', { seed: 11, kind: 'pooled', prunes: true, tau: 0.7 }));
    image = followDockerfile('deploy/Dockerfile', root);
  }, 300_000);

  test('has what runs and nothing else', () => {
    expect(existsSync(join(image.folder, 'dist/page/index.html'))).toBe(true);
    for (const name of ['src', 'node_modules/vitest', 'node_modules/onnxruntime-web/dist/ort.all.js', 'package.tgz'])
      expect(existsSync(join(image.folder, name)), name).toBe(false);
    const bin = join(image.folder, 'node_modules/onnxruntime-node/bin');
    const [napi] = readdirSync(bin);
    expect(readdirSync(join(bin, napi))).toEqual(['linux']);
    expect(Number(image.user.split(':')[0])).toBeGreaterThan(0);
  });

  describe('started', () => {
    let child: ReturnType<typeof spawn>;
    let output = '';
    let port: string;
    const environment = () => ({
      PATH: process.env.PATH,
      ...image.env,
      MAGIC_PYRAMID_HOSTNAME: '127.0.0.1',
      MAGIC_PYRAMID_PORT: port,
    });
    const check = async () => {
      const [program, ...words] = image.healthcheck;
      // in a container the server is process 1
      const checking = spawn(program, [...words, String(child.pid)], {
        cwd: image.folder,
        env: environment(),
        stdio: 'ignore',
      });
      return new Promise<number | null>((resolve) => checking.once('exit', resolve));
    };

    beforeAll(async () => {
      port = await freePort();
      const [program, ...words] = [...image.entrypoint, ...image.command].map((word) =>
        word === '/model' ? model : word,
      );
      child = spawn(program, words, {
        cwd: image.folder,
        env: environment(),
      });
      for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (bytes) => (output += bytes));
    });
    afterAll(() => child?.kill('SIGKILL'));

    test('becomes healthy, answers, and ends by itself on SIGTERM', async () => {
      const begin = performance.now();
      while ((await check()) !== 0) {
        expect(child.exitCode, output).toBeNull();
        expect(performance.now() - begin, output).toBeLessThan(30_000);
      }
      const response = await fetch(`http://127.0.0.1:${port}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ inputs: 'w1 w2' }),
      });
      expect(await response.json()).toHaveLength(3);
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      expect(await ended, output).toBe(0);
      expect(await check()).not.toBe(0);
    });
  });
});
