/** Whether what was printed has arrived: a full disk behind `> file` is an error like any other. Knows nothing of commands. */
import { PyramidError } from '../../errors.ts';

export interface Output {
  /** What kept the output from being written; null: nothing, as far as is known before `end`. */
  lost(): Error | null;
  /** `lost` as people read it; as it is where the reader has gone. */
  error(): Error;
  /** Waits until all is written or lost. */
  end(): Promise<void>;
}

export function watchOutput(stream: NodeJS.WritableStream): Output {
  let first: Error | null = null;
  const onError = (error: Error) => {
    first ??= error;
  };
  stream.on('error', onError);
  return {
    lost: () => first,
    error() {
      const cause = first as NodeJS.ErrnoException;
      if (cause.code === 'EPIPE') return cause;
      return new PyramidError('MP_WRITE', { path: 'standard output', reason: cause.message, partly: true }, { cause });
    },
    async end() {
      // its error comes with it or, of a stream that is broken already, has come
      if (stream.writable && first === null) await new Promise<void>((done) => stream.write('', () => done()));
      // an error is told of after the write that met it
      await new Promise((done) => setImmediate(done));
      stream.off('error', onError);
    },
  };
}
