/**
 * The image's health check: asks /health where the server of process 1 listens, or of the process that is named. Its
 * flags, its configuration file and the variables are read as `serve` reads them, so that both always mean the same
 * port. Ends with 0 if the server takes requests, else with 1.
 */
import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { run } from './program.ts';
import { realServices } from './real-services.ts';

const [pid = '1'] = process.argv.slice(2);
const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
// a small init may stand before the server
const args = words.slice(words.indexOf('serve'));
const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() }) as unknown as typeof process.stdout;

process.exitCode = await run(
  args,
  { stdin: process.stdin, stdout: nowhere(), stderr: process.stderr },
  {
    ...realServices,
    async serve({ hostname = '127.0.0.1', port = 8080 }) {
      const host = hostname === '0.0.0.0' ? '127.0.0.1' : hostname === '::' ? '::1' : hostname;
      const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/health`;
      const { ok, status } = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(2500) });
      if (!ok) throw new Error(`${url} answers with status ${status}`);
    },
  },
);
