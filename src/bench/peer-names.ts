/** Names of what ours can be measured against. Stands alone, since the command line needs them without the rest. */
export const PEERS = ['onnxruntime', 'transformers.js', 'pytorch'] as const;
export type PeerName = (typeof PEERS)[number];
