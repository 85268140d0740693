/** Where there is no server: a model from an address, or a folder of this computer, which stays on it. */
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import type { ModelSource, OpenProgress } from '../../../src/web/page-engine.ts';
import { megabytes, percent } from '../format.ts';
import { Labelled } from './labelled.tsx';

export type OpenStep =
  /** For a server. */
  | { readonly kind: 'looking' }
  | { readonly kind: 'asking' }
  /** The server wants a key; `wrong`: not the one that was given. */
  | { readonly kind: 'locked'; readonly wrong: boolean }
  | { readonly kind: 'opening'; readonly progress: OpenProgress | null }
  | { readonly kind: 'failed'; readonly message: string };

interface Properties {
  readonly step: OpenStep;
  readonly onOpen: (source: ModelSource) => void;
  readonly onKey: (key: string) => void;
}

export function OpenModelForm({ step, onOpen, onKey }: Properties) {
  const address = useSignal('');
  const over = useSignal(false);
  const id = useId();
  if (step.kind === 'looking') return null;
  if (step.kind === 'locked') return <KeyForm wrong={step.wrong} onKey={onKey} />;
  if (step.kind === 'opening') return <Opening progress={step.progress} />;

  const drop = async (event: DragEvent) => {
    event.preventDefault();
    over.value = false;
    const source = await droppedModel(event.dataTransfer);
    if (source) onOpen(source);
  };
  return (
    <div class="panel open">
      <h2>Open a model</h2>
      <p class="lead">
        Choose a folder written by <code>magic-pyramid train</code>. The model runs in this browser: neither the model
        nor your texts leave your computer.
      </p>
      {step.kind === 'failed' && (
        <p class="notice failed" role="alert">
          {step.message}
        </p>
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is for the mouse; the button beside it is for everyone */}
      <div
        class={`card drop${over.value ? ' over' : ''}`}
        onDragOver={(event) => {
          event.preventDefault();
          over.value = true;
        }}
        onDragLeave={() => {
          over.value = false;
        }}
        onDrop={(event) => void drop(event)}
      >
        <p>Drop a model folder here</p>
        <label class="button" for={`${id}folder`}>
          Choose a folder
        </label>
        <input
          id={`${id}folder`}
          class="hidden"
          type="file"
          multiple
          {...{ webkitdirectory: true }}
          onChange={(event) => {
            const { files } = event.currentTarget;
            if (files && files.length > 0) onOpen([...files]);
          }}
        />
      </div>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          if (address.value.trim() !== '') onOpen(address.value.trim());
        }}
      >
        <Labelled name="… or its address" class="address">
          {(id) => (
            <input
              id={id}
              class="field"
              type="text"
              inputMode="url"
              placeholder="https://example.org/models/mails/"
              value={address.value}
              onInput={(event) => {
                address.value = event.currentTarget.value;
              }}
            />
          )}
        </Labelled>
        <button type="submit" class="button main">
          Open
        </button>
      </form>
    </div>
  );
}

function KeyForm({ wrong, onKey }: { readonly wrong: boolean; readonly onKey: (key: string) => void }) {
  const key = useSignal('');
  return (
    <form
      class="panel open"
      onSubmit={(event) => {
        event.preventDefault();
        if (key.value !== '') onKey(key.value);
      }}
    >
      <h2>This server requires a key</h2>
      {wrong && (
        <p class="notice failed" role="alert">
          The server does not accept this key.
        </p>
      )}
      <div class="row">
        <Labelled name="Key" class="address">
          {(id) => (
            <input
              id={id}
              class="field"
              type="password"
              autocomplete="off"
              value={key.value}
              onInput={(event) => {
                key.value = event.currentTarget.value;
              }}
            />
          )}
        </Labelled>
        <button type="submit" class="button main">
          Continue
        </button>
      </div>
    </form>
  );
}

function Opening({ progress }: { readonly progress: OpenProgress | null }) {
  const share = progress?.total ? progress.loaded / progress.total : null;
  return (
    <div class="panel open" role="status">
      <h2>Opening the model</h2>
      <progress class="progress" max={1} value={share ?? undefined} aria-label="Opening the model" />
      <p class="soft number">
        {progress === null
          ? 'Looking for its files …'
          : share === 1
            ? 'Preparing the network …'
            : `${progress.file}: ${megabytes(progress.loaded)}${progress.total ? ` of ${megabytes(progress.total)}, ${percent(share!)}` : ''}`}
      </p>
    </div>
  );
}

/** The folder that was dropped, or the files, if some were dropped one by one. */
async function droppedModel(transfer: DataTransfer | null): Promise<ModelSource | null> {
  if (!transfer) return null;
  // the list is emptied when this function first waits, so all of it is asked for before
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const files = [...transfer.files];
  const folder = entries.find((entry) => entry?.isDirectory);
  if (!folder) return files.length > 0 ? files : null;
  const reader = (folder as FileSystemDirectoryEntry).createReader();
  const found: File[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const entry of some) {
      if (!entry.isFile) continue;
      found.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
    }
  }
}
