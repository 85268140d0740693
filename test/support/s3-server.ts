/** A server of S3's protocol on a free port of this machine (moto, of the environment that MAGIC_PYRAMID_CLIENTS names). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';

const program = join(process.env.MAGIC_PYRAMID_CLIENTS ?? '', 'bin', 'moto_server');

/** Why there is none; null: there is one. */
export const noS3: string | null =
  process.env.MAGIC_PYRAMID_CLIENTS && existsSync(program)
    ? null
    : 'MAGIC_PYRAMID_CLIENTS names no environment with moto';

export interface S3Server {
  /** What a process finds it by. */
  readonly env: Readonly<Record<string, string>>;
  readonly client: S3Client;
  stop(): Promise<void>;
}

export async function s3Server(): Promise<S3Server> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { readonly port: number };
  probe.close();
  await once(probe, 'close');
  const server: ChildProcess = spawn(program, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const endpoint = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    if (
      await fetch(endpoint).then(
        () => true,
        () => false,
      )
    )
      break;
    if (tries === 600 || server.exitCode !== null) throw new Error('moto_server did not answer');
    await sleep(50);
  }
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  return {
    env: {
      // on Node 20 the client says that its releases of next year need a newer one
      NODE_NO_WARNINGS: '1',
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    client: new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true }),
    async stop() {
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
    },
  };
}
