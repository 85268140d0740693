/**
 * Writes docs/api: the reference of what the package exports, by TypeDoc from the doc comments. Fails, naming it, where
 * an export or a member of one has none. What an option of training or of the server means is in its table, not in a comment.
 *
 *   node scripts/build-api.mjs [FOLDER]      the folder to write to; docs/api where left out
 *
 * TypeDoc reads the compiler's own interface, which TypeScript 7 does not have; so both are installed beside the project.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const TOOLS = ['typedoc@0.28.20', 'typedoc-plugin-markdown@4.14.1', 'typescript@6.0.3'];
const NAMES = ['index', 'certify/index', 'train/index', 'serve/index', 'web/index', 'floor'];
const ENTRIES = NAMES.map((name) => `src/${name}.ts`);

const root = join(import.meta.dirname, '..');
const out = resolve(process.argv[2] ?? join(root, 'docs', 'api'));
const { trainTable } = await import(pathToFileURL(join(root, 'dist/train/options/defaults.js')).href);
const { serveTable } = await import(pathToFileURL(join(root, 'dist/serve/defaults.js')).href);
const tables = { TrainOptions: trainTable, GivenTrainOptions: trainTable, ServerOptions: serveTable };

const tools = await mkdtemp(join(tmpdir(), 'magic-pyramid-api-'));
try {
  execFileSync('npm', ['install', '--prefix', tools, '--ignore-scripts', '--no-audit', '--no-fund', ...TOOLS], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const require = createRequire(join(tools, 'index.js'));
  const { Application, Comment, Converter, ReflectionKind } = await import(
    pathToFileURL(require.resolve('typedoc')).href
  );
  const app = await Application.bootstrapWithPlugins({
    entryPoints: ENTRIES.map((entry) => join(root, entry)),
    tsconfig: join(root, 'tsconfig.json'),
    plugin: [require.resolve('typedoc-plugin-markdown')],
    name: 'magic-pyramid',
    readme: 'none',
    excludePrivate: true,
    excludeProtected: true,
    disableSources: true,
    skipErrorChecking: true, // the project's own compiler checks
    outputFileStrategy: 'modules',
    hidePageHeader: true,
    hideBreadcrumbs: true,
    outputs: [{ name: 'markdown', path: out }],
    logLevel: 'Error',
  });
  /** @param text of the option's help */
  const comment = (text) => new Comment([{ kind: 'text', text }]);
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const property of project.getReflectionsByKind(ReflectionKind.Property)) {
      const spec = tables[property.parent?.name]?.[property.name];
      if (spec && !property.hasComment()) property.comment = comment(spec.help);
    }
  });
  const project = await app.convert();
  if (!project) throw new Error('TypeDoc read nothing');
  const missing = undocumented(project, ReflectionKind);
  await app.generateOutputs(project);
  if (missing.length > 0) {
    console.error(`without a doc comment: ${missing.join(', ')}`);
    process.exitCode = 1;
  }
} finally {
  await rm(tools, { recursive: true, force: true });
}

/** Exports, and members of exported types, that have no comment; not what is written out within a type. */
function undocumented(project, kinds) {
  const asked =
    kinds.Class |
    kinds.Interface |
    kinds.TypeAlias |
    kinds.Variable |
    kinds.Function |
    kinds.Method |
    kinds.Accessor |
    kinds.Property;
  const isWithinType = (one) => one !== undefined && (one.name === '__type' || isWithinType(one.parent));
  return project
    .getReflectionsByKind(asked)
    .filter((one) => !isWithinType(one) && !one.flags.isExternal)
    .filter((one) => !one.hasComment() && ![...(one.signatures ?? []), one.getSignature].some((s) => s?.hasComment()))
    .map((one) => one.getFullName())
    .sort();
}
