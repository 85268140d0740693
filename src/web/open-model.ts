/** A model opened in this browser: its folder by address or by files, its engine in a worker, its trace and table beside it. */
import { BrowserPyramid, filesFolder, handleFolder, UrlFolder } from '../engine/browser/index.ts';
import { modelInfo } from '../engine/model-info.ts';
import { PyramidError } from '../errors.ts';
import { parseEntry, parseMeta, type Trace } from '../evaluate/trace-lines.ts';
import { type Folder, jsonObjectIn, pathIn, readText, TRACE_BYTES } from '../folder.ts';
import { examplesOf } from '../pyramid/folder/examples.ts';
import type { ReportRow } from '../report/table.ts';
import type { ModelSource, OpenModel, PageEngine } from './page-engine.ts';

/** Threads that a run may have at most; beyond, its small products wait for each other. Half the cores are the page's. */
const MOST_THREADS = 4;

interface Page {
  readonly document?: { readonly baseURI: string };
  readonly location: { readonly href: string };
  readonly crossOriginIsolated?: boolean;
  readonly navigator: { readonly hardwareConcurrency?: number };
}
const page = globalThis as unknown as Page;

/** Opens a model in this browser, in a worker of its own; see `OpenModel`. */
export const openModel: OpenModel = async (source, { device = 'wasm', dtype, onProgress, signal } = {}) => {
  const cores = page.navigator.hardwareConcurrency ?? 1;
  const threads = page.crossOriginIsolated ? Math.min(Math.ceil(cores / 2), MOST_THREADS) : 1;
  const where = typeof source === 'string' || source instanceof URL ? absolute(source) : source;
  const model = await BrowserPyramid.load(where, {
    device,
    threads,
    dtype: dtype ?? null,
    onFetched: (progress) => onProgress?.(progress),
    signal,
  });
  const info = { ...modelInfo(nameOf(where), model), device, threads };
  const folder = folderOf(where);
  const engine: PageEngine = {
    info,
    ready: model.ready,
    classify: (texts, options) => model.classify(texts, options),
    stream: (texts, options) => model.stream(texts, options),
    explain: (text, options) => model.explain(text, options),
    trace: () => traceOf(folder),
    report: () => reportOf(folder),
    examples: () => examplesOf(folder),
    close: () => model.close(),
  };
  return engine;
};

const absolute = (address: string | URL): string =>
  new URL(address, page.document?.baseURI ?? page.location.href).href.replace(/[?#].*$/, '');

function nameOf(source: Exclude<ModelSource, URL>): string {
  const { path } = folderOf(source);
  const last = path.split('/').at(-1) || path;
  return typeof source === 'string' ? decodeURIComponent(last) : last;
}

function folderOf(source: Exclude<ModelSource, URL>): Folder {
  if (typeof source === 'string') return new UrlFolder(source);
  return 'getFileHandle' in source ? handleFolder(source) : filesFolder(source);
}

async function traceOf(folder: Folder): Promise<Trace | null> {
  const name = 'trace.jsonl';
  const meta = await readText(folder, `${name}.meta.json`);
  const lines = meta === null ? null : await readText(folder, name, TRACE_BYTES);
  if (meta === null || lines === null) return null;
  const path = pathIn(folder.path, name);
  const network = parseMeta(meta, `${path}.meta.json`);
  const entries = lines
    .split('\n')
    .flatMap((line, i) => (line.trim() === '' ? [] : [parseEntry(line, network, path, i + 1)]));
  return { ...network, entries };
}

async function reportOf(folder: Folder): Promise<readonly ReportRow[] | null> {
  const name = 'report.json';
  const text = await readText(folder, name);
  if (text === null) return null;
  const path = pathIn(folder.path, name);
  const fault = (problem: string, cause?: unknown) => new PyramidError('MP_MODEL_FILE', { path, problem }, { cause });
  const { rows } = jsonObjectIn(text, fault);
  if (!Array.isArray(rows)) throw fault('it has no rows');
  return rows as readonly ReportRow[];
}
