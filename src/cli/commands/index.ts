/** The commands, in the order of `--help`. */
import { bench } from './bench.ts';
import { calibrate } from './calibrate.ts';
import { demo } from './demo.ts';
import { evaluate } from './evaluate.ts';
import { exportCommand } from './export.ts';
import { predict } from './predict.ts';
import { quantize } from './quantize.ts';
import { refit } from './refit.ts';
import { reproduce } from './reproduce.ts';
import { serve } from './serve.ts';
import { sweep } from './sweep.ts';
import { tradeoff } from './tradeoff.ts';
import { train } from './train.ts';

export const commands = [
  demo,
  train,
  evaluate,
  predict,
  tradeoff,
  calibrate,
  quantize,
  refit,
  exportCommand,
  serve,
  bench,
  reproduce,
  sweep,
] as const;
