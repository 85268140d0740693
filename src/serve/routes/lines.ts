/**
 * Bytes of any length as lines, each with its number, in constant memory. Only a line feed ends a line. Knows nothing of
 * what the lines hold.
 */

/** A line of a stream, and null in place of one that is longer than allowed; or the error that ended the stream early. */
export type Line = { readonly bytes: Buffer | null } | { readonly error: unknown };

/** Lines as they arrive, blank ones too; what follows the last line feed is a line unless it is empty. */
export async function* linesOf(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Line, void, undefined> {
  let parts: Buffer[] = [];
  let bytes = 0;
  const add = (part: Buffer) => {
    bytes += part.length;
    if (bytes > maxBytes) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  const end = (): Line => {
    const line = bytes > maxBytes ? null : Buffer.concat(parts);
    parts = [];
    bytes = 0;
    return { bytes: line };
  };
  try {
    for await (const chunk of chunks) {
      let from = 0;
      for (let to = chunk.indexOf(10); to >= 0; to = chunk.indexOf(10, from)) {
        add(chunk.subarray(from, to));
        from = to + 1;
        yield end();
      }
      add(chunk.subarray(from));
    }
  } catch (error) {
    yield { error };
    return;
  }
  if (bytes > 0) yield end();
}
