/** What is still to come of a model whose floor 0 answers already; nothing once all of it is there. */
import { megabytes, reason } from '../format.ts';
import type { Session } from '../session.ts';

export function NetworkNotice({ session }: { readonly session: Session }) {
  const network = session.network.value;
  if (network.kind === 'there') return null;
  if (network.kind === 'failed')
    return (
      <p class="notice failed" role="alert">
        Floor 0 answers, but the network is missing: {reason(network.error)}
      </p>
    );
  const { loaded = 0, total = null } = network.progress ?? {};
  return (
    <div class="notice arriving">
      <p role="status">Floor 0 answers already. The network is still loading, and texts that need it wait.</p>
      <progress class="progress" max={1} value={total ? loaded / total : undefined} aria-label="Loading the network" />
      <p class="soft number">
        {megabytes(loaded)}
        {total !== null && ` of ${megabytes(total)}`}
      </p>
    </div>
  );
}
