/**
 * Whether a path is a file that rows can be read from, checked before any row is read. A folder, a pipe or a device is
 * refused (reading one may never end), and so is a file that is plainly something else, such as a Git LFS pointer.
 * Knows nothing of rows.
 */
import { open, stat } from 'node:fs/promises';
import { PyramidError } from '../../errors.ts';

/**
 * @throws MP_FILE_MISSING if there is no such file, it is none, or it may not be read; MP_DATA_FILE if its beginning is
 *   that of something else
 */
export async function checkDataFile(path: string, format: string): Promise<void> {
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
  const found = whatElse(await beginning(path), format);
  if (found) throw new PyramidError('MP_DATA_FILE', { path, ...found });
}

export const unreadable = (path: string, reason: string, cause: unknown) =>
  new PyramidError('MP_FILE_MISSING', { path, what: `file that can be read (${reason})` }, { cause });

async function beginning(path: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
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
