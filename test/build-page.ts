// The package, as it is shipped: what `npm run build` makes, page included, which the server serves, the browser tests open
// and the install tests pack.
import { spawnSync } from 'node:child_process';

export default function build(): void {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the package did not build');
}
