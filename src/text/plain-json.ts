/** Cells of a file as JSON. Knows nothing of rows. */

/** For `JSON.stringify`: whole numbers beyond a double's are texts, since JSON has no other place for them. */
export const plainValue = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? (Number.isSafeInteger(Number(value)) ? Number(value) : String(value)) : value;
