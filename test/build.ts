// Worker threads and the command line run from dist/ (Node 20 cannot run TypeScript in a worker), so the tests build it
// first. Type errors are the type check's to report: tsc writes its output all the same.
import { spawnSync } from 'node:child_process';

export default function build(): void {
  const { error } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  });
  if (error) throw error;
}
