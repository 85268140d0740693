import { defineConfig } from 'vitest/config';

// `fast` is `npm test`: it needs nothing but the package. `slow` holds what trains for minutes, starts
// processes and kills them, or needs a browser or a server; CI runs both.
export default defineConfig({
  test: {
    globalSetup: ['test/build.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // what is waited for may take longer than the usual second where a browser shares its cores
    expect: { poll: { timeout: 10_000 } },
    projects: [
      { extends: true, test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: ['test/**/*.slow.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'slow',
          include: ['test/**/*.slow.test.ts'],
          globalSetup: ['test/build.ts', 'test/build-page.ts'],
          testTimeout: 600_000,
        },
      },
    ],
  },
});
