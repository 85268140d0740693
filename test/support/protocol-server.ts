/** A server over model folders, on an ephemeral loopback port. */
import { type RunningServer, type StartOptions, startServer } from '../../src/serve/server.ts';

export const protocolServer = (
  dirs: Readonly<Record<string, string>>,
  options: Partial<StartOptions> = {},
): Promise<RunningServer> =>
  startServer({
    model: Object.entries(dirs).map(([name, dir]) => ({ name, dir })),
    workers: 1,
    port: 0,
    ...options,
  });
