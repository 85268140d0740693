// A real redis-server on a port of its own that keeps what it was told in its append-only file, and may be killed and started again.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

/** Keeps its file in `dir`. */
export async function redisWithFile(dir) {
  mkdirSync(dir, { recursive: true });
  const port = await freePort();
  let server = await start(port, dir);
  const kill = async () => {
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: kill,
    /** Killed, away for a while, and started again. */
    async restart(awayMs) {
      await kill();
      await sleep(awayMs);
      server = await start(port, dir);
    },
  };
}

async function start(port, dir) {
  const kept = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '', '--dir', dir];
  const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', ...kept], { stdio: 'ignore' });
  for (let tries = 0; tries < 600 && server.exitCode === null; tries++) {
    if (await answers(port)) return server;
    await sleep(50);
  }
  server.kill('SIGKILL');
  throw new Error(`redis-server did not answer on port ${port}`);
}

const answers = (port) =>
  new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (data) => {
      socket.destroy();
      done(String(data).startsWith('+PONG'));
    });
    socket.on('error', () => done(false));
  });

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
