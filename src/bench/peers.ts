/** The peers that ours is measured against, by name, and how each is found. */
import { PyramidError } from '../errors.ts';
import { onnxruntimePeer } from './onnxruntime-peer.ts';
import { PEERS, type PeerName } from './peer-names.ts';
import { pytorchPeer } from './pytorch-peer.ts';
import type { Missing, Opened, Setting } from './system.ts';
import { transformersJsPeer } from './transformers-js-peer.ts';

const open: { readonly [P in PeerName]: (setting: Setting) => Promise<Opened | Missing> } = {
  onnxruntime: onnxruntimePeer,
  'transformers.js': transformersJsPeer,
  pytorch: pytorchPeer,
};

/**
 * Opens the peers that were named, or all that can be found. Throws MP_BENCH_PEER for a named one that is missing, and
 * for one that cannot be opened; one that was not named and is missing is told to `onNote`.
 */
export async function openPeers(
  wanted: readonly PeerName[] | 'all',
  setting: Setting,
  onNote: (text: string) => void,
): Promise<Opened[]> {
  const opened: Opened[] = [];
  try {
    for (const peer of wanted === 'all' ? PEERS : wanted) {
      const found = await open[peer](setting).catch((cause: unknown) => {
        throw new PyramidError(
          'MP_BENCH_PEER',
          { peer, problem: (cause as Error).message, todo: 'fix that, or leave it out of --peers' },
          { cause },
        );
      });
      if (!('missing' in found)) opened.push(found);
      else if (wanted === 'all') onNote(`${peer} is left out: ${found.missing} (${found.todo})`);
      else throw new PyramidError('MP_BENCH_PEER', { peer, problem: found.missing, todo: found.todo });
    }
    return opened;
  } catch (error) {
    await Promise.all(opened.map(({ system }) => system.close()));
    throw error;
  }
}
