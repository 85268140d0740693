/** Memory that is given back at once. */

/**
 * Frees the memory behind `array`, which nobody may use again. The collector sees little of what is outside its own heap, and once a
 * model is loaded hardly anything is allocated that would make it look: weights would stay for as long as the process runs.
 * Shared memory is left as it is.
 */
export function letGo({ buffer }: ArrayBufferView): void {
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength === 0) return;
  if (hasTransfer(buffer)) {
    buffer.transfer(0);
    return;
  }
  // Node 20: a message that nobody takes is freed with its port
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(null, [buffer]);
  port1.close();
  port2.close();
}

const hasTransfer = (buffer: ArrayBuffer): buffer is ArrayBuffer & { transfer(length: number): ArrayBuffer } =>
  'transfer' in buffer;
