/** The parts of the page as tabs. A part stays as it was left when another is looked at. */
import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { BatchPart } from '../batch/batch-part.tsx';
import { LivePart } from '../live/live-part.tsx';
import type { Session } from '../session.ts';
import { TradeoffPart } from '../tradeoff/tradeoff-part.tsx';
import { TryPart } from '../try/try-part.tsx';

export interface PartProperties {
  readonly session: Session;
  /** Whether the part is looked at now. */
  readonly active: boolean;
}

interface Part {
  readonly id: string;
  readonly name: string;
  readonly view: ComponentType<PartProperties>;
}

const parts: readonly Part[] = [
  { id: 'try', name: 'Try', view: TryPart },
  { id: 'trade-off', name: 'Trade-off', view: TradeoffPart },
  { id: 'batch', name: 'Batch', view: BatchPart },
];
const live: Part = { id: 'live', name: 'Live', view: LivePart };

export function Parts({ session }: { readonly session: Session }) {
  const all = session.engine.info.device === 'server' ? [...parts, live] : parts;
  const known = (id: string) => all.some((part) => part.id === id);
  const fromAddress = () => (known(location.hash.slice(1)) ? location.hash.slice(1) : all[0].id);
  const current = useSignal(fromAddress());
  const seen = useSignal<ReadonlySet<string>>(new Set([current.value]));
  const tabs = useRef<HTMLDivElement>(null);
  const go = (id: string) => {
    current.value = id;
    seen.value = new Set([...seen.value, id]);
  };
  useEffect(() => {
    const follow = () => go(fromAddress());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  const select = (id: string) => {
    go(id);
    history.replaceState(null, '', `#${id}`);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const at = all.findIndex(({ id }) => id === current.value);
    const next = all[(at + step + all.length) % all.length];
    select(next.id);
    tabs.current?.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };
  return (
    <>
      <div ref={tabs} class="tabs" role="tablist" aria-label="Parts of the page" tabIndex={-1} onKeyDown={onKeyDown}>
        {all.map(({ id, name }) => (
          <button
            key={id}
            id={`tab-${id}`}
            type="button"
            role="tab"
            aria-selected={current.value === id}
            aria-controls={`part-${id}`}
            tabIndex={current.value === id ? 0 : -1}
            onClick={() => select(id)}
          >
            {name}
          </button>
        ))}
      </div>
      {all.map(({ id, view: View }) => (
        <div key={id} id={`part-${id}`} role="tabpanel" aria-labelledby={`tab-${id}`} hidden={current.value !== id}>
          {seen.value.has(id) && <View session={session} active={current.value === id} />}
        </div>
      ))}
    </>
  );
}
