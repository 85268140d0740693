/**
 * Compiles src/train/step/adamw.wat into src/train/step/adamw-wasm.ts, which is committed: building the project needs no assembler.
 *
 *   node scripts/build-wasm.mjs [--check]
 *
 * With --check nothing is written; it fails if the file is not what the text compiles to.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import wabt from 'wabt';

const folder = join(import.meta.dirname, '..', 'src', 'train', 'step');
const target = join(folder, 'adamw-wasm.ts');

const { parseWat } = await wabt();
const module = parseWat('adamw.wat', await readFile(join(folder, 'adamw.wat'), 'utf8'), { simd: true });
const code = Buffer.from(module.toBinary({}).buffer).toString('base64');
const text = `/** adamw.wat as WebAssembly, in base64: written by \`npm run build:wasm\`. */
export const ADAMW_WASM =
  '${code}';
`;
if (!process.argv.includes('--check')) await writeFile(target, text);
else if ((await readFile(target, 'utf8')) !== text) {
  console.error('src/train/step/adamw-wasm.ts is not what adamw.wat compiles to: run `npm run build:wasm`');
  process.exitCode = 1;
}
