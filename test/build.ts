// Worker threads and the command line run from dist/ (Node 20 cannot run TypeScript in a worker), so the tests build it first.
import { execFileSync } from 'node:child_process';

export default function build(): void {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  });
}
