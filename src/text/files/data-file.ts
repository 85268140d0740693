/**
 * Whether a path is a file that rows can be read from, checked before any row is read. A folder, a pipe or a device is
 * refused (reading one may never end), and so is a file that is plainly something else, such as a Git LFS pointer.
 * Knows nothing of rows.
 */
import { stat } from 'node:fs/promises';
import { PyramidError } from '../../errors.ts';
import { isS3 } from '../../storage/s3-client.ts';
import { partOf, sizeOf } from '../../storage/stored-bytes.ts';
import { systemLimit } from '../../system-limit.ts';

/**
 * @throws MP_FILE_MISSING if there is no such file, it is none, or it may not be read; MP_DATA_FILE if its beginning is
 *   that of something else; of S3 MP_S3 and MP_S3_PACKAGE too
 */
export async function checkDataFile(path: string, format: string): Promise<void> {
  await (isS3(path) ? sizeOf(path) : checkKind(path));
  const found = whatElse(await beginning(path), format);
  if (found) throw new PyramidError('MP_DATA_FILE', { path, ...found });
}

async function checkKind(path: string): Promise<void> {
  const stats = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
      throw new PyramidError('MP_FILE_MISSING', { path, what: 'file' }, { cause: error });
    }
    throw unreadable(path, error.code ?? error.message, error);
  });
  if (!stats.isFile()) {
    const kind = stats.isDirectory()
      ? 'a folder'
      : stats.isFIFO()
        ? 'a named pipe'
        : stats.isSocket()
          ? 'a socket'
          : 'a device';
    throw new PyramidError('MP_FILE_MISSING', { path, what: 'file', found: kind });
  }
}

/** `reason`: a code of Node's, where there is one. */
export const unreadable = (path: string, reason: string, cause: unknown): PyramidError =>
  systemLimit({ code: reason, path }) ??
  new PyramidError('MP_FILE_MISSING', { path, what: `file that can be read (${reason})` }, { cause });

async function beginning(path: string): Promise<Buffer> {
  try {
    return Buffer.from(await partOf(path, 0, 512));
  } catch (error) {
    if (error instanceof PyramidError) throw error;
    throw unreadable(path, (error as NodeJS.ErrnoException).code ?? String(error), error);
  }
}

interface SomethingElse {
  readonly problem: string;
  readonly todo: string;
}

/** What a file is instead of rows, or null. `format`: its ending, `.csv` for `a.csv.gz` too. */
function whatElse(bytes: Buffer, format: string): SomethingElse | null {
  const text = bytes.toString('latin1');
  if (text.startsWith('version https://git-lfs.github.com/spec/')) {
    return {
      problem: 'it is a Git LFS pointer, not the file itself',
      todo: 'run "git lfs pull", or download the file',
    };
  }
  if (/^\/?annex\/objects\/|^\.?\/?(\.\.\/)*\.git\/annex\/objects\//.test(text)) {
    return { problem: 'it is a git-annex pointer, not the file itself', todo: 'run "git annex get" on it' };
  }
  if (/^\s*<(!doctype html|html)[\s>]/i.test(text)) {
    return { problem: 'it is a web page, not data', todo: 'download the file itself' };
  }
  if (format === '.parquet') return null;
  if (text.startsWith('PK\x03\x04')) {
    return { problem: 'it is a zip or Excel file', todo: 'unpack it, or save the sheet as CSV' };
  }
  if (text.startsWith('PAR1')) return { problem: 'it is a parquet file', todo: 'name it .parquet' };
  return null;
}
