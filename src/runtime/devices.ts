/**
 * The table of devices: what a graph can run on. A new one (cuda, say) is a row here; what makes its sessions is node.ts
 * or web.ts, by where it runs. Options, their help and their errors follow from the rows. Loads no runtime itself.
 */

export interface DeviceSpec {
  /** For help texts. */
  readonly summary: string;
  /** The kind of process that it runs in: onnxruntime-node's, or onnxruntime-web's. */
  readonly runsIn: 'node' | 'browser';
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
    runsIn: 'node',
    provider: 'cpu',
    int8: true,
    trains: true,
    needsAdapter: false,
  },
  wasm: {
    summary: 'WebAssembly, in every browser',
    runsIn: 'browser',
    provider: 'wasm',
    int8: true,
    trains: false,
    needsAdapter: false,
  },
  webgpu: {
    summary: 'the graphics card, in a browser that has WebGPU',
    runsIn: 'browser',
    provider: 'webgpu',
    int8: true, // what it lacks, the processor computes
    trains: false,
    needsAdapter: true,
  },
} as const satisfies Readonly<Record<string, DeviceSpec>>;

export type DeviceName = keyof typeof devices;
/** The names whose row has `value` in `field`. */
type Having<F extends keyof DeviceSpec, V> = {
  [N in DeviceName]: (typeof devices)[N][F] extends V ? N : never;
}[DeviceName];
export type NodeDevice = Having<'runsIn', 'node'>;
export type BrowserDevice = Having<'runsIn', 'browser'>;
export type TrainingDevice = NodeDevice & Having<'trains', true>;

const names = Object.keys(devices) as DeviceName[];
export const NODE_DEVICES = names.filter((name): name is NodeDevice => devices[name].runsIn === 'node');
export const BROWSER_DEVICES = names.filter((name): name is BrowserDevice => devices[name].runsIn === 'browser');
export const TRAINING_DEVICES = NODE_DEVICES.filter((name): name is TrainingDevice => devices[name].trains);
