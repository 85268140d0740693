/** The services of the house itself. Each part is loaded when it is first used: ONNX Runtime takes a while to load. */
import type { Services } from './services.ts';

const missing = (part: string): never => {
  throw new Error(`internal: ${part} is not wired to the command line`);
};

export const realServices: Services = {
  train: async () => missing('training'),
  demo: async () => missing('the demo'),
  load: async () => missing('the engine'),
  labelledRows: async () => missing('reading rows'),
  texts: () => missing('reading texts'),
  trace: async () => missing('the trace'),
};
