/** A real Chromium for tests, where the machine has one: Debian's, or the one that CHROMIUM_PATH names. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const path = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

export const hasChromium = existsSync(path);

/** `flags` beside those that a container needs. */
export const launchChromium = (flags: readonly string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: path, args: ['--no-sandbox', '--disable-dev-shm-usage', ...flags] });
