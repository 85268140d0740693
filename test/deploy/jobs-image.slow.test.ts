// The image of workers, its Dockerfile followed in a folder, on a stand-in for the server's image that lacks what this one adds.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { shardFiles, writeManifest } from '../../src/jobs/manifest.ts';
import { followDockerfile, type Image, instructionsOf } from '../support/follow-dockerfile.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ADDED = ['bullmq', 'ioredis', '@aws-sdk/client-s3'];
const dockerfile = 'deploy/jobs/Dockerfile';
const version = (path: string) => (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;

describe('the image of workers, its Dockerfile followed in a folder', () => {
  const root = temporaryFolder();
  const base = join(root, 'base');
  const out = join(root, 'answers');
  let image: Image;

  /** As the container would be started, with these words in place of CMD. */
  function start(...words: string[]) {
    const [program, ...entry] = image.entrypoint;
    const nobody = { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1', AWS_MAX_ATTEMPTS: '1', AWS_REGION: 'us-east-1' };
    const key = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', NODE_NO_WARNINGS: '1' };
    const env = { PATH: process.env.PATH, MAGIC_PYRAMID_QUEUE: 'redis://127.0.0.1:1', ...nobody, ...key };
    return spawnSync(program, [...entry, ...words], { cwd: image.folder, env, encoding: 'utf8' });
  }

  beforeAll(async () => {
    const app = join(base, 'app');
    cpSync('dist', join(app, 'dist'), { recursive: true, filter: (path) => !path.includes(join('dist', 'page')) });
    cpSync('package.json', join(app, 'package.json'));
    for (const name of readdirSync('node_modules').filter((name) => !name.startsWith('.'))) {
      for (const one of name.startsWith('@')
        ? readdirSync(join('node_modules', name)).map((sub) => `${name}/${sub}`)
        : [name]) {
        if (ADDED.includes(one)) continue;
        const link = join(app, 'node_modules', one);
        mkdirSync(dirname(link), { recursive: true });
        symlinkSync(resolve('node_modules', one), link);
      }
    }
    const [, from] = instructionsOf(readFileSync(dockerfile, 'utf8')).find(([name]) => name === 'FROM')!;
    // the name that docs/deploy.md builds the server's image under
    expect(from).toBe(`magic-pyramid:${version('package.json')}`);
    image = followDockerfile(dockerfile, root, { [from]: { root: base, workdir: '/app' } });
    const shards = [{ file: 0, part: null, rows: 3, digest: '', ...shardFiles(0) }];
    const about = { run: 'r', submitted: '', model: { path: 'm', fingerprint: 'f' }, tau: null, topK: 1, dtype: null };
    const files = [{ name: 'mails.csv', path: 'mails.csv', read: { text: 'text' } }];
    mkdirSync(out);
    await writeManifest(out, { ...about, attempts: 5, files, shards });
  });

  test('adds the packages of the lock file’s versions, where the program finds them, and runs without root’s rights', () => {
    for (const name of ADDED) {
      expect(existsSync(join(image.folder, 'node_modules', name)), name).toBe(false);
      const added = version(join(base, 'node_modules', name, 'package.json'));
      expect(added, name).toBe(version(join('node_modules', name, 'package.json')));
    }
    expect(image.user).toBe('1000:1000');
  });

  test('starts workers and the other commands of jobs: the queue’s client is there, the queue alone is not', () => {
    const status = start('status', out);
    expect([status.status, status.stdout]).toEqual([
      0,
      expect.stringContaining('note: the queue at redis://127.0.0.1:1 is not reached'),
    ]);
    const [word, folder] = image.command;
    expect([word, folder]).toEqual(['work', '/data/answers']);
    const work = start(word, join(root, 'none'));
    expect([work.status, work.stderr]).toEqual([
      expect.any(Number),
      expect.stringMatching(/^error: .*none\/manifest\.json/),
    ]);
    expect(work.status).not.toBe(0);
    const inS3 = start('status', 's3://mails/answers');
    expect(inS3.stderr).toMatch(/^error: .*s3:\/\/mails\/answers/);
    expect(inS3.stderr).not.toContain('npm install');
  });
});
