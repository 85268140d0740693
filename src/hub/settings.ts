/**
 * The address of the hub, the token and the cache, from the variables that Hugging Face's own tools read: HF_ENDPOINT, HF_TOKEN
 * (or the token that `hf auth login` stored), HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface HubSettings {
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly token: string | null;
  /** The folder of `models--…` and `datasets--…`, as other tools share it. */
  readonly cache: string;
  /** Only the cache is asked. */
  readonly offline: boolean;
  /** Wait before the first repetition; it doubles with each. */
  readonly retryMs: number; // 500
  /** A connection on which nothing arrives for so long is broken off. */
  readonly stallMs: number; // 30,000
}

export function hubSettings(env: NodeJS.ProcessEnv = process.env): HubSettings {
  const home = env.HF_HOME || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface');
  return {
    endpoint: (env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, ''),
    token: env.HF_TOKEN?.trim() || storedToken(env.HF_TOKEN_PATH || join(home, 'token')),
    cache: env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(home, 'hub'),
    offline: ['1', 'true', 'yes', 'on'].includes((env.HF_HUB_OFFLINE ?? '').toLowerCase()),
    retryMs: 500,
    stallMs: 30_000,
  };
}

function storedToken(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim() || null;
  } catch {
    return null; // nobody logged in
  }
}
