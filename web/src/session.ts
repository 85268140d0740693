/** One open model and the dial that all parts of the page share. */
import { type Signal, signal } from '@preact/signals';
import type { EngineInfo, PageEngine } from '../../src/web/page-engine.ts';

export interface Session {
  readonly engine: PageEngine;
  /** null: early exit is off. */
  readonly tau: Signal<number | null>;
}

/** Whether tau means anything to the model. */
export const mayExit = (info: EngineInfo): boolean =>
  info.headKind !== 'none' && info.problemType === 'single_label_classification';

export function openSession(engine: PageEngine): Session {
  const { info } = engine;
  return { engine, tau: signal(mayExit(info) ? info.tau : null) };
}
