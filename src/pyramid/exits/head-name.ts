/** Checkpoint names of exit heads' tensors: `pyramid.heads.{layer}.{part}.weight` and `.bias`, layers from 1. */

export const headName = (layer: number, part: string): string => `pyramid.heads.${layer}.${part}`;

/** Whether a tensor of that checkpoint name is an exit head's. */
export const isHead = (name: string): boolean => name.startsWith('pyramid.heads.');

/** Names and shapes of a linear layer of a head. */
export const linear = (layer: number, part: string, out: number, inputs: number): [string, readonly number[]][] => [
  [headName(layer, `${part}.weight`), [out, inputs]],
  [headName(layer, `${part}.bias`), [out]],
];
