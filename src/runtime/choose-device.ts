/**
 * Which device a process of Node, Bun or Deno computes on where the caller does not say: the processor through ONNX
 * Runtime's native library, or, where that is missing or does not load, WebAssembly. What is chosen so is said in one
 * sentence, since it is slower. MAGIC_PYRAMID_DEVICE names one for the whole process.
 */
import { PyramidError } from '../errors.ts';
import { NODE_DEVICES, type NodeDevice } from './devices.ts';
import { native, versionOf } from './onnxruntime.ts';

export interface ChosenDevice {
  readonly name: NodeDevice;
  /** Why it is not the processor, where nobody asked for another; one sentence. */
  readonly note: string | null;
}

export const DEVICE_VARIABLE = 'MAGIC_PYRAMID_DEVICE';
const INSTALL = 'npm install --ignore-scripts onnxruntime-node@';

/** `given` null: the variable's, else chosen here. Throws MP_OPTION_VALUE, MP_RUNTIME, MP_SYSTEM_LIMIT. */
export function chooseDevice(given: NodeDevice | null = null): ChosenDevice {
  const named = given ?? deviceOfVariable();
  if (named === 'wasm') return { name: named, note: null };
  const { reason } = native();
  if (reason === null) return { name: 'cpu', note: null };
  if (named === 'cpu')
    throw new PyramidError('MP_RUNTIME', { reason, todo: `run ${INSTALL}${versionOf('onnxruntime-web')}` });
  const note = `${reason}: WebAssembly computes instead, which is slower; see docs/install.md of this package`;
  return { name: 'wasm', note };
}

function deviceOfVariable(): NodeDevice | null {
  const value = process.env[DEVICE_VARIABLE] ?? '';
  if (value === '') return null;
  const device = NODE_DEVICES.find((name) => name === value);
  if (device) return device;
  throw new PyramidError('MP_OPTION_VALUE', { option: DEVICE_VARIABLE, value, expected: NODE_DEVICES.join(' or ') });
}

/** ONNX Runtime's package that the device runs on, and its version. */
export function runtimeVersions(): Record<string, string> {
  const name = chooseDevice().name === 'cpu' ? 'onnxruntime-node' : 'onnxruntime-web';
  return { [name]: versionOf(name) };
}
