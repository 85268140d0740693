/**
 * A folder of files that are read, wherever it lies: on a disk (disk-folder.ts), behind an address or dropped onto a
 * page (src/web). Knows nothing of what the files hold.
 */
export interface Folder {
  /** Where it lies, for messages. */
  readonly path: string;
  /** null: there is no such file. Throws what keeps a file that is there from being opened. */
  open(name: string): Promise<FolderFile | null>;
}

export interface FolderFile {
  /** Bytes. */
  readonly size: number;
  /** The bytes from `from` up to `to`, both within the file, in a buffer of their own. */
  read(from: number, to: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** The path of a file in the folder at `dir`, for messages. */
export const pathIn = (dir: string, name: string): string => (/[/\\]$/.test(dir) ? dir + name : `${dir}/${name}`);

/** A file's content; null: there is no such file. */
export async function readText(folder: Folder, name: string): Promise<string | null> {
  const file = await folder.open(name);
  if (!file) return null;
  try {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await file.read(0, file.size));
  } finally {
    await file.close();
  }
}
