import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// The house, from the bottom up: what each folder of src may import. biome.json holds the same as rules with advice.
const low = ['storage', 'graph', 'text', 'hub'];
const mayImport: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  storage: [],
  graph: [],
  text: ['storage'],
  hub: [],
  runtime: ['graph'],
  encoder: low,
  pyramid: [...low, 'encoder'],
  evaluate: [...low, 'encoder', 'pyramid'],
  certify: [...low, 'encoder', 'pyramid', 'evaluate'],
  report: [...low, 'encoder', 'pyramid', 'evaluate', 'certify'],
  engine: [...low, 'encoder', 'pyramid', 'runtime'],
  export: [...low, 'encoder', 'pyramid', 'engine'],
  measure: [...low, 'encoder', 'pyramid', 'evaluate', 'certify', 'engine', 'train'],
  bench: [...low, 'encoder', 'pyramid', 'runtime', 'evaluate', 'report', 'engine', 'measure'],
  train: [...low, 'encoder', 'pyramid', 'runtime', 'evaluate', 'certify', 'report'],
  experiment: [...low, 'encoder', 'pyramid', 'evaluate', 'certify', 'report', 'engine', 'measure', 'train'],
  serve: [...low, 'encoder', 'pyramid', 'evaluate', 'certify', 'engine', 'measure', 'train', 'jobs'],
  jobs: [...low, 'encoder', 'pyramid', 'evaluate', 'certify', 'engine', 'measure', 'train', 'experiment', 'serve'],
  cli: [
    ...low,
    'encoder',
    'pyramid',
    'evaluate',
    'certify',
    'report',
    'engine',
    'export',
    'measure',
    'bench',
    'train',
    'experiment',
    'serve',
    'jobs',
  ],
  web: [...low, 'encoder', 'pyramid', 'evaluate', 'report', 'engine'],
};
const folders = Object.keys(mayImport);
const biome = join(import.meta.dirname, '..', 'node_modules', '@biomejs', 'biome', 'bin', 'biome');

describe('the lint rules on imports', () => {
  const root = mkdtempSync(join(tmpdir(), 'imports-'));
  const forbidden = new Map<string, { line: number; message: string }[]>();

  beforeAll(() => {
    copyFileSync('biome.json', join(root, 'biome.json'));
    for (const folder of folders) {
      for (const [file, up] of [
        ['a.ts', '..'],
        ['deep/a.ts', '../..'],
      ]) {
        const path = join(root, 'src', folder, file);
        mkdirSync(dirname(path), { recursive: true });
        // a line for each folder, in order; then what everyone may import
        writeFileSync(
          path,
          [...folders.map((other) => `import '${up}/${other}/x.ts';`), `import '${up}/errors.ts';`, ''].join('\n'),
        );
      }
    }
    const { stdout } = spawnSync(
      process.execPath,
      [
        biome,
        'lint',
        '--only=style/noRestrictedImports',
        '--vcs-enabled=false',
        '--max-diagnostics=none',
        '--reporter=json',
        root,
      ],
      { encoding: 'utf8', cwd: root, maxBuffer: 1 << 26 },
    );
    const report = JSON.parse(stdout) as {
      diagnostics: { message: string; location: { path: string; start: { line: number } } }[];
    };
    for (const { message, location } of report.diagnostics) {
      const file = location.path.slice(location.path.indexOf('src/'));
      forbidden.set(file, [...(forbidden.get(file) ?? []), { line: location.start.line, message }]);
    }
  });
  afterAll(() => rmSync(root, { recursive: true }));

  test.each(folders)('let src/%s import what stands below it and nothing else', (folder) => {
    for (const file of ['a.ts', 'deep/a.ts']) {
      const lines = forbidden.get(`src/${folder}/${file}`) ?? [];
      const caught = new Set(lines.map(({ line }) => folders[line - 1]));
      // errors are everyone's
      const may = ['errors', folder, ...mayImport[folder]];
      const expected = folders.filter((other) => !may.includes(other));
      expect([...caught].filter((other) => other !== folder).sort()).toEqual([...expected].sort());
    }
  });

  test('say which folder is wrong and what to do instead', () => {
    const runtime = folders.indexOf('runtime') + 1;
    const found = forbidden.get('src/encoder/deep/a.ts')!.find(({ line }) => line === runtime);
    expect(found?.message).toMatch(
      /^src\/encoder imports src\/runtime: .*runs nothing; take the runtime as an argument/,
    );
  });

  test('cover every folder of src', () => {
    const found = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(found.map((entry) => entry.name).filter((name) => !folders.includes(name))).toEqual([]);
  });

  test('find no fault in the repository', () => {
    execFileSync(process.execPath, [
      biome,
      'lint',
      '--only=style/noRestrictedImports',
      '--only=suspicious/noImportCycles',
      'src',
    ]);
  });
});
