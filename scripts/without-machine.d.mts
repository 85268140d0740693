/** The types of without-machine.mjs, for web/vite.config.ts. */
export function withoutMachine(): { name: string; load(id: string): string | null };
