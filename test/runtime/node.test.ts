import { cpu } from '../support/cpu.ts';
import { runtimeContract } from './runtime.contract.ts';

runtimeContract('onnxruntime-node', (graph, name, options) => cpu.compile(graph, name, options));
