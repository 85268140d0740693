/** One open model and the dial that all parts of the page share. */
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { mayExit } from '../../src/pyramid/exits/exit-rule.ts';
import type { OpenProgress, PageEngine } from '../../src/web/page-engine.ts';

/** The network of a model whose floor 0 answers already. */
export type Network =
  | { readonly kind: 'there' }
  | { readonly kind: 'coming'; readonly progress: OpenProgress | null }
  | { readonly kind: 'failed'; readonly error: unknown };

export interface Session {
  readonly engine: PageEngine;
  readonly network: ReadonlySignal<Network>;
  /** null: early exit is off. */
  readonly tau: Signal<number | null>;
}

/** `progress` is what is told of the files, also after the model is open. */
export function openSession(engine: PageEngine, progress: ReadonlySignal<OpenProgress | null>): Session {
  const { info } = engine;
  const settled = signal<Network | null>(info.device === 'server' ? { kind: 'there' } : null);
  engine.ready.then(
    () => {
      settled.value = { kind: 'there' };
    },
    (error) => {
      settled.value = { kind: 'failed', error };
    },
  );
  const network = computed<Network>(() => settled.value ?? { kind: 'coming', progress: progress.value });
  return { engine, network, tau: signal(mayExit(info) ? info.tau : null) };
}
