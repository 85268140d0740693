/** The processor as a device, for tests that run graphs. */
import { nodeDevice } from '../../src/runtime/node.ts';
import { type Compile, compileOn } from '../../src/runtime/runtime.ts';

export const cpu = nodeDevice('cpu');
/** In one thread, as the engine and training are given it. */
export const compile: Compile = compileOn(cpu, { threads: 1 });
