// The package, as it is shipped: what `npm run build` makes, page included, which the server serves, the browser tests open
// and the install tests pack.
import { spawnSync } from 'node:child_process';

export default function build(): void {
  // without the runner's own NODE_ENV, which would put the libraries' development code into the page: it is not what ships
  const { NODE_ENV: _, ...env } = process.env;
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], {
    stdio: 'inherit',
    env: env as NodeJS.ProcessEnv,
  });
  if (status !== 0) throw new Error('the package did not build');
}
