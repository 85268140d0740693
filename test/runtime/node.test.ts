import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runtimeVersion } from '../../src/runtime/onnxruntime.ts';
import { cpu } from '../support/cpu.ts';
import { runtimeContract } from './runtime.contract.ts';

runtimeContract('onnxruntime-node', (graph, name, options) => cpu.compile(graph, name, options));

const packed = 'dist/onnxruntime-node/package.json';
test.skipIf(!existsSync(packed))('the binding in dist/ is that of node_modules, without an install script', () => {
  const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
  expect(read(packed).version).toBe(read('node_modules/onnxruntime-node/package.json').version);
  expect(read(packed)).not.toHaveProperty('scripts');
  expect(runtimeVersion()).toBe(read(packed).version);
});
