/** The tokenizer of a model folder on this machine's disk. */
import { diskFolder } from '../../disk-folder.ts';
import { type Tokenizer, tokenizerOf } from './tokenizer.ts';

/** Of the folder `dir`, with all its files, see `tokenizerOf`. */
export const loadTokenizer = (dir: string): Promise<Tokenizer> => tokenizerOf(diskFolder(dir), { all: true });
