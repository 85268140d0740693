/** The commands, in the order of `--help`. */
import { demo } from './demo.ts';
import { evaluate } from './evaluate.ts';
import { predict } from './predict.ts';
import { train } from './train.ts';

export const commands = [demo, train, evaluate, predict] as const;
