// The page, as it is shipped: what `npm run build:web` makes, which the server serves and the browser tests open.
import { spawnSync } from 'node:child_process';

export default function build(): void {
  const { status } = spawnSync('npm', ['run', '--silent', 'build:web'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the page did not build');
}
