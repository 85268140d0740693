/**
 * Character sets as the Encoding Standard has them, for code that takes its `TextDecoder` from the global scope. Node's own
 * differs from the standard in some versions (bytes 0x80 to 0x9f of windows-1252), which would make the texts depend on
 * them. Knows nothing of mail.
 */
import { TextDecoder as Standard } from '@exodus/bytes/encoding.js';

let using = 0;
let own: typeof globalThis.TextDecoder;

/** Does `work` with the standard's decoder in the place of the global one, which is back once nobody needs it. */
export async function withStandardDecoder<T>(work: () => Promise<T>): Promise<T> {
  if (using++ === 0) {
    own = globalThis.TextDecoder;
    globalThis.TextDecoder = Standard as typeof globalThis.TextDecoder;
  }
  try {
    return await work();
  } finally {
    if (--using === 0) globalThis.TextDecoder = own;
  }
}
