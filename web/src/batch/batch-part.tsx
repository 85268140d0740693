/** Batch: a file of texts, classified as a stream, and what came of it. */
import { useSignal } from '@preact/signals';
import { useEffect, useId } from 'preact/hooks';
import { reason } from '../format.ts';
import type { Session } from '../session.ts';
import { Dial } from '../shell/dial.tsx';
import { ChooseColumns } from './choose-columns.tsx';
import { openRows, type RowSource } from './row-source.ts';
import { RunView } from './run-view.tsx';
import { type Run, run } from './running.ts';

export function BatchPart({ session }: { readonly session: Session }) {
  const source = useSignal<RowSource | null>(null);
  const work = useSignal<Run | null>(null);
  const failure = useSignal<string | null>(null);
  useEffect(() => () => work.value?.stop(), []);

  const take = async (file: File | undefined) => {
    if (!file) return;
    failure.value = null;
    try {
      source.value = await openRows(file);
    } catch (error) {
      failure.value = reason(error);
    }
  };
  const discard = () => {
    work.value?.stop();
    work.value = null;
    source.value = null;
  };
  return (
    <div class="panel">
      <Dial session={session} />
      {failure.value !== null && (
        <p class="notice failed" role="alert">
          {failure.value}
        </p>
      )}
      {source.value === null ? (
        <DropFile onFile={(file) => void take(file)} />
      ) : work.value === null ? (
        <ChooseColumns
          source={source.value}
          pairs={session.engine.info.pairs}
          onStart={(columns) => {
            work.value = run(session, source.value!, columns);
          }}
          onDiscard={discard}
        />
      ) : (
        <RunView run={work.value} source={source.value} session={session} onDiscard={discard} />
      )}
    </div>
  );
}

function DropFile({ onFile }: { readonly onFile: (file: File | undefined) => void }) {
  const over = useSignal(false);
  const id = useId();
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is for the mouse; the button in it is for everyone
    <div
      class={`card drop${over.value ? ' over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={() => {
        over.value = false;
      }}
      onDrop={(event) => {
        event.preventDefault();
        over.value = false;
        onFile(event.dataTransfer?.files[0]);
      }}
    >
      <p>Drop a .csv, .tsv or .jsonl file of texts here</p>
      <label class="button" for={id}>
        Choose a file
      </label>
      <input
        id={id}
        class="hidden"
        type="file"
        accept=".csv,.tsv,.txt,.jsonl,.ndjson"
        onChange={(event) => onFile(event.currentTarget.files?.[0])}
      />
    </div>
  );
}
