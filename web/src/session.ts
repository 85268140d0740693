/** One open model and the dial that all parts of the page share. */
import { type Signal, signal } from '@preact/signals';
import { mayExit } from '../../src/pyramid/exits/exit-rule.ts';
import type { PageEngine } from '../../src/web/page-engine.ts';

export interface Session {
  readonly engine: PageEngine;
  /** null: early exit is off. */
  readonly tau: Signal<number | null>;
}

export function openSession(engine: PageEngine): Session {
  const { info } = engine;
  return { engine, tau: signal(mayExit(info) ? info.tau : null) };
}
