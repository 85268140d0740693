/**
 * An object that is written whole or not at all: in parts while it grows, and there, replacing an earlier one, when it is told to
 * take its place. Knows nothing of what is written.
 */
import { addressOf, askS3 } from './s3-client.ts';

/** Of each but the last; S3 wants 5 MiB at least, and 10,000 parts at most. */
const PART = 8 * 2 ** 20;

/** Throws MP_S3, MP_S3_PACKAGE; as all here. */
export function putObject(path: string, body: Uint8Array | string): Promise<void> {
  const { bucket: Bucket, key: Key } = addressOf(path);
  return askS3(path, async ({ s3, client }) => {
    await client.send(new s3.PutObjectCommand({ Bucket, Key, Body: body }));
  });
}

export function deleteObject(path: string): Promise<void> {
  const { bucket: Bucket, key: Key } = addressOf(path);
  return askS3(path, async ({ s3, client }) => {
    await client.send(new s3.DeleteObjectCommand({ Bucket, Key }));
  });
}

/** Ends what killed processes have begun under a prefix: its parts take place, and are in no list of objects. */
export function dropUploads(prefix: string): Promise<void> {
  const { bucket: Bucket, key: Prefix } = addressOf(prefix);
  return askS3(prefix, async ({ s3, client }) => {
    const { Uploads = [] } = await client.send(new s3.ListMultipartUploadsCommand({ Bucket, Prefix }));
    for (const { Key, UploadId } of Uploads)
      if (Key?.startsWith(Prefix)) await client.send(new s3.AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  });
}

export class S3Upload {
  readonly #path: string;
  #held: Buffer[] = [];
  #bytes = 0; // held
  #id: string | null = null;
  readonly #parts: { readonly PartNumber: number; readonly ETag: string | undefined }[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  async write(bytes: Buffer): Promise<void> {
    this.#held.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= PART) await this.#sendPart();
  }

  async #sendPart(): Promise<void> {
    const { bucket: Bucket, key: Key } = addressOf(this.#path);
    const Body = Buffer.concat(this.#held);
    await askS3(this.#path, async ({ s3, client }) => {
      this.#id ??= (await client.send(new s3.CreateMultipartUploadCommand({ Bucket, Key }))).UploadId!;
      const PartNumber = this.#parts.length + 1;
      const part = { Bucket, Key, UploadId: this.#id, PartNumber, Body };
      const { ETag } = await client.send(new s3.UploadPartCommand(part));
      this.#parts.push({ PartNumber, ETag });
    });
    this.#held = [];
    this.#bytes = 0;
  }

  /** From now on it is there. */
  async take(): Promise<void> {
    if (this.#id === null) return putObject(this.#path, Buffer.concat(this.#held));
    if (this.#bytes > 0) await this.#sendPart();
    const { bucket: Bucket, key: Key } = addressOf(this.#path);
    await askS3(this.#path, async ({ s3, client }) => {
      const MultipartUpload = { Parts: this.#parts };
      await client.send(new s3.CompleteMultipartUploadCommand({ Bucket, Key, UploadId: this.#id!, MultipartUpload }));
    });
    this.#id = null;
  }

  /** Nothing of it stays. */
  async drop(): Promise<void> {
    const UploadId = this.#id;
    this.#id = null;
    this.#held = [];
    if (UploadId === null) return;
    const { bucket: Bucket, key: Key } = addressOf(this.#path);
    await askS3(this.#path, async ({ s3, client }) => {
      await client.send(new s3.AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    }).catch(() => {});
  }
}
