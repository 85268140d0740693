/** The whole page: where the model comes from, and the parts that show it. */
import { signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { ModelSource, OpenProgress, PageEngine } from '../../../src/web/page-engine.ts';
import { openModel } from '../browser-engine.ts';
import { reason } from '../format.ts';
import { openServedModel, servedModels } from '../server-engine.ts';
import { openSession, type Session } from '../session.ts';
import { Logo } from './logo.tsx';
import { NetworkNotice } from './network-notice.tsx';
import { OpenModelForm, type OpenStep } from './open-model-form.tsx';
import { Parts } from './parts.tsx';

export function App() {
  const session = useSignal<Session | null>(null);
  /** Names of the models of the server that this page came from; empty: there is no server. */
  const served = useSignal<readonly string[]>([]);
  const step = useSignal<OpenStep>({ kind: 'looking' });
  /** The model of the server that was chosen last: what is fetched for another comes too late. */
  const wanted = useRef('');
  /** Why that one is not shown, though another is. */
  const refused = useSignal('');

  const show = (engine: PageEngine, progress = signal<OpenProgress | null>(null)) => {
    void session.value?.engine.close();
    session.value = openSession(engine, progress);
  };
  const serve = async (name: string) => {
    wanted.current = name;
    refused.value = '';
    // it is shown already, with its text and what became of it
    if (name === session.value?.engine.info.name) return;
    try {
      const engine = await openServedModel(name);
      if (wanted.current === name) show(engine);
    } catch (error) {
      if (!session.value) step.value = { kind: 'failed', message: reason(error) };
      else if (wanted.current === name) refused.value = reason(error);
    }
  };
  const askServer = async (key: string | null) => {
    const found = await servedModels(key);
    if (found === 'none') step.value = { kind: 'asking' };
    else if (found === 'locked') step.value = { kind: 'locked', wrong: key !== null };
    else {
      served.value = found;
      await serve(found[0]);
    }
  };
  const open = async (source: ModelSource) => {
    step.value = { kind: 'opening', progress: null };
    const told = signal<OpenProgress | null>(null);
    try {
      const engine = await openModel(source, {
        onProgress: (progress) => {
          told.value = progress;
          if (step.value.kind === 'opening') step.value = { kind: 'opening', progress };
        },
      });
      show(engine, told);
      step.value = { kind: 'asking' };
    } catch (error) {
      step.value = { kind: 'failed', message: reason(error) };
    }
  };
  const close = () => {
    void session.value?.engine.close();
    session.value = null;
    step.value = { kind: 'asking' };
  };

  useEffect(() => {
    const begin = async () => {
      const address = new URLSearchParams(location.search).get('model');
      if (address) return open(address);
      await askServer(null);
    };
    void begin();
  }, []);

  const shown = session.value;
  return (
    <>
      <header>
        <div class="bar">
          <h1 class="mark">
            <Logo />
            Magic Pyramid
          </h1>
          {shown && (
            <ModelName
              session={shown}
              served={served.value}
              onServed={(name) => void serve(name)}
              onClose={served.value.length === 0 ? close : null}
            />
          )}
        </div>
      </header>
      <main>
        {shown ? (
          <>
            {refused.value && (
              <p class="notice failed" role="alert">
                {refused.value}
              </p>
            )}
            <NetworkNotice session={shown} />
            <Parts key={shown.engine.info.name} session={shown} />
          </>
        ) : (
          <OpenModelForm
            step={step.value}
            onOpen={(source) => void open(source)}
            onKey={(key) => void askServer(key)}
          />
        )}
      </main>
    </>
  );
}

interface ModelNameProperties {
  readonly session: Session;
  readonly served: readonly string[];
  readonly onServed: (name: string) => void;
  readonly onClose: (() => void) | null;
}

const DEVICES = { server: 'on the server', wasm: 'in this browser', webgpu: 'in this browser, on its GPU' } as const;

function ModelName({ session, served, onServed, onClose }: ModelNameProperties) {
  const { name, method, shape, dtype, device } = session.engine.info;
  return (
    <p class="model">
      {served.length > 1 ? (
        <select class="field" aria-label="Model" value={name} onChange={(event) => onServed(event.currentTarget.value)}>
          {served.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      ) : (
        <b>{name}</b>
      )}{' '}
      {method}, {shape.layers === 0 ? 'no network' : `${shape.layers} × ${shape.hiddenSize}, ${dtype}`},{' '}
      {DEVICES[device]}{' '}
      {onClose && (
        <button type="button" class="link" onClick={onClose}>
          Open another
        </button>
      )}
    </p>
  );
}
