/** Which rows of a long list of equal heights are in sight. */
export interface Visible {
  readonly first: number;
  /** One past the last. */
  readonly end: number;
}

/** Drawn beyond either edge, so that scrolling shows no gap. */
const MARGIN_ROWS = 10;

export function visibleRows(count: number, rowHeight: number, scrollTop: number, height: number): Visible {
  const first = Math.max(0, Math.min(count, Math.floor(scrollTop / rowHeight)) - MARGIN_ROWS);
  const end = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + MARGIN_ROWS);
  return { first, end: Math.max(first, end) };
}
