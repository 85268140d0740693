/** A real PostgreSQL on a free port of this machine, where one is installed; its data lie in a temporary folder. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const HOME = '/usr/lib/postgresql';
const bin = (existsSync(HOME) ? readdirSync(HOME) : [])
  .map((version) => join(HOME, version, 'bin'))
  .find((folder) => existsSync(join(folder, 'initdb')));

/** It does not run as root. */
const idOf = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
const asRoot = process.getuid?.() === 0;
const user = asRoot && bin ? { uid: idOf('-u'), gid: idOf('-g') } : {};

/** Why there is none; null: there is one. */
export const noPostgres: string | null = bin ? null : 'PostgreSQL is not installed here';

export interface PostgresServer {
  readonly url: string;
  /** Ends it, with all of its connections, and starts it again with its data on the same port. */
  restart(downMs: number): Promise<void>;
  stop(): Promise<void>;
}

export async function postgresServer(): Promise<PostgresServer> {
  const data = mkdtempSync(join(tmpdir(), 'magic-pyramid-postgres-'));
  if (user.uid !== undefined) chownSync(data, user.uid, user.gid);
  const made = spawnSync(join(bin!, 'initdb'), ['-D', data, '-U', 'jobs', '--auth=trust', '--no-sync'], {
    ...user,
    encoding: 'utf8',
    cwd: '/',
  });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  let server = await start(data, port);
  const end = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGINT'); // "fast": connections are ended
    await ended;
  };
  return {
    url: `postgres://jobs@127.0.0.1:${port}/postgres`,
    async stop() {
      await end();
      rmSync(data, { recursive: true, force: true });
    },
    async restart(downMs) {
      await end();
      await sleep(downMs);
      server = await start(data, port);
    },
  };
}

async function start(data: string, port: number): Promise<ChildProcess> {
  const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-c', 'unix_socket_directories=', '-F'];
  const server = spawn(join(bin!, 'postgres'), args, { ...user, cwd: '/', stdio: 'ignore' });
  for (let tries = 0; tries < 600 && server.exitCode === null; tries++) {
    if (spawnSync(join(bin!, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]).status === 0) return server;
    await sleep(50);
  }
  server.kill('SIGKILL');
  throw new Error(`PostgreSQL did not answer on port ${port}`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { readonly port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
