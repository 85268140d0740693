import { compile } from '../../src/runtime/node.ts';
import { runtimeContract } from './runtime.contract.ts';

runtimeContract('onnxruntime-node', compile);
