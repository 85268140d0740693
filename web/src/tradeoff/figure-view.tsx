/** A figure: its drawing, how to read it, and its numbers as a table. */
import type { Figure } from '../../../src/report/figure.ts';
import { DrawingView } from '../drawing-view.tsx';

export function FigureView({ figure: { title, caption, drawing, heads, rows } }: { readonly figure: Figure }) {
  return (
    <figure class="card figure">
      <h3>{title}</h3>
      <DrawingView drawing={drawing} />
      <figcaption>{caption}</figcaption>
      <details>
        <summary>Numbers</summary>
        <Table label={title} heads={heads} rows={rows} />
      </details>
    </figure>
  );
}

interface TableProperties {
  readonly label: string;
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Of the columns; without it the first is left-aligned, the others right-aligned. */
  readonly align?: readonly ('left' | 'right')[];
}

export function Table({ label, heads, rows, align }: TableProperties) {
  const side = (i: number) => align?.[i] ?? (i === 0 ? 'left' : 'right');
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls sideways must be reachable by keyboard
    <div class="scroll" role="group" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {heads.map((head, i) => (
              <th key={head} scope="col" class={side(i)}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.join('\t')}>
              {row.map((cell, i) => (
                <td key={heads[i]} class={side(i)}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
