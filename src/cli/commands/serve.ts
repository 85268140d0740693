/** `serve`: models over HTTP until the process is told to stop. Its options are the server's own table. */
import { PyramidError } from '../../errors.ts';
import { type ServerOptions, serveTable } from '../../serve/defaults.ts';
import { variablesOf } from '../../serve/variables.ts';
import type { Command } from '../command.ts';

export const serve: Command<ServerOptions> = {
  name: 'serve',
  summary: 'Serve models over HTTP: own routes, Text Embeddings Inference, Open Inference Protocol v2, vLLM',
  operands: null,
  options: serveTable,
  variables: variablesOf,
  examples: [
    { line: 'magic-pyramid serve --model runs/mails', what: 'on http://127.0.0.1:8080, for this machine only' },
    {
      line: 'magic-pyramid serve --model spam=runs/spam --model topics=runs/topics --hostname 0.0.0.0 --api-key-file keys',
      what: 'two models, for other machines that have a key',
    },
    {
      line: 'magic-pyramid serve --model runs/mails --tau auto --slo-p95 50ms',
      what: 'exit earlier under load, so that answers stay fast',
    },
  ],
  async run({ options, io, services }) {
    if (options.model.length === 0)
      throw new PyramidError('MP_USAGE', { what: '--model is missing', todo: 'give a model folder' });
    await services.serve({ ...options, log: io.stdout }, (sentence) => io.stderr.write(`${sentence}\n`));
  },
};
