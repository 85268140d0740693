/**
 * The table of devices: what a graph can run on. A new one (cuda, say) is a row here; what makes its sessions is node.ts
 * or web.ts, by where it runs; which one a process of Node has where nobody says is choose-device.ts. Options, their help and their errors follow from the rows. Loads no runtime itself.
 */

type Place = 'node' | 'browser';

export interface DeviceSpec {
  /** For help texts. */
  readonly summary: string;
  /** The kinds of process that it runs in. */
  readonly runsIn: readonly Place[];
  /** ONNX Runtime's execution provider. */
  readonly provider: string;
  /** It has integer products, which int8 weights need. */
  readonly int8: boolean;
  /** A model can be trained on it. */
  readonly trains: boolean;
  /** The browser must have an adapter for it (`navigator.gpu`). */
  readonly needsAdapter: boolean;
}

export const devices = {
  cpu: {
    summary: 'the processor',
    runsIn: ['node'],
    provider: 'cpu',
    int8: true,
    trains: true,
    needsAdapter: false,
  },
  wasm: {
    summary: 'WebAssembly, in every browser, and in Node where there is no native library',
    runsIn: ['node', 'browser'],
    provider: 'wasm',
    int8: true,
    trains: true,
    needsAdapter: false,
  },
  webgpu: {
    summary: 'the graphics card, in a browser that has WebGPU',
    runsIn: ['browser'],
    provider: 'webgpu',
    int8: true, // what it lacks, the processor computes
    trains: false,
    needsAdapter: true,
  },
} as const satisfies Readonly<Record<string, DeviceSpec>>;

export type DeviceName = keyof typeof devices;
type RunningIn<P extends Place> = {
  [N in DeviceName]: P extends (typeof devices)[N]['runsIn'][number] ? N : never;
}[DeviceName];
type Training = { [N in DeviceName]: (typeof devices)[N]['trains'] extends true ? N : never }[DeviceName];
/** Devices of a process of Node, Bun or Deno. */
export type NodeDevice = RunningIn<'node'>;
export type BrowserDevice = RunningIn<'browser'>;
export type TrainingDevice = NodeDevice & Training;

const names = Object.keys(devices) as DeviceName[];
const runsIn = (name: DeviceName, place: Place): boolean => devices[name].runsIn.some((one) => one === place);
export const NODE_DEVICES = names.filter((name): name is NodeDevice => runsIn(name, 'node'));
export const BROWSER_DEVICES = names.filter((name): name is BrowserDevice => runsIn(name, 'browser'));
export const TRAINING_DEVICES = NODE_DEVICES.filter((name): name is TrainingDevice => devices[name].trains);
