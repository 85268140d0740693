/**
 * No network: a folder whose only exit is floor 0, a linear model of n-grams (src/pyramid/floor). It has labels, a tokenizer
 * and no layers; no other program knows the type.
 */
import { bert } from './bert.ts';
import type { Family } from './family.ts';

export const linear: Family = { ...bert, architecture: null, constants: {}, prefix: '' };
