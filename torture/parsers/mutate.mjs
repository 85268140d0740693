// Inputs that are nearly right: bytes, numbers and JSON values of good ones are changed, cut off, doubled and mixed. Everything
// hangs on the stream of random numbers that is given.

const ODD_NUMBERS = [
  '0',
  '-0',
  '-1',
  '1',
  '2',
  '0.5',
  '1e308',
  '1e999',
  '-1e-300',
  '2147483648',
  '4294967296',
  '9007199254740993',
  '18446744073709551616',
  'NaN',
  '',
];
const ODD_VALUES = [
  ...[null, true, false, 0, -1, 1, 0.5, 1e6, 2 ** 31, 2 ** 53, 1e308, '', '0', '2', 'gelu', '__proto__', 'constructor'],
  ...[[], [[]], [1, 2], {}, { x: 1 }, { 0: 'a' }, { toString: 1 }, 'x'.repeat(5000), '\u0000', '\ud800', '\u2028'],
];
const ODD_BYTES = [0x00, 0xff, 0x7f, 0x80, 0xc0, 0xed, 0x22, 0x0a, 0x0d, 0x2c, 0x5b, 0x7b, 0x5c, 0xef, 0x1f];

const pick = (random, list) => list[random.integer(list.length)];

/** One to four changes. `others`: good inputs to mix parts of in. */
export function mutate(random, bytes, others) {
  let changed = bytes;
  for (let n = 1 + random.integer(4); n > 0; n--) changed = once(random, changed, others);
  return changed;
}

function once(random, bytes, others) {
  const how = random.next();
  if (how < 0.15) return jsonChanged(random, bytes) ?? bytesChanged(random, bytes, others);
  if (how < 0.3) return numberChanged(random, bytes) ?? bytesChanged(random, bytes, others);
  return bytesChanged(random, bytes, others);
}

function bytesChanged(random, bytes, others) {
  const at = random.integer(bytes.length + 1);
  const span = Math.min(bytes.length - at, 1 + random.integer(pick(random, [1, 8, 64, 1024])));
  const [before, part, after] = [bytes.subarray(0, at), bytes.subarray(at, at + span), bytes.subarray(at + span)];
  switch (random.integer(9)) {
    case 0: // a bit
      if (part.length === 0) return Buffer.concat([before, Buffer.of(pick(random, ODD_BYTES))]);
      return Buffer.concat([before, Buffer.of(part[0] ^ (1 << random.integer(8))), part.subarray(1), after]);
    case 1: // odd bytes in the place of others
      return Buffer.concat([before, part.map(() => pick(random, ODD_BYTES)), after]);
    case 2:
      return Buffer.concat([before, after]);
    case 3: // cut off
      return Buffer.from(before);
    case 4: // given twice
      return Buffer.concat([before, part, part, after]);
    case 5: // many times
      return Buffer.concat([before, ...new Array(2 + random.integer(200)).fill(part.subarray(0, 64)), after]);
    case 6: {
      const other = pick(random, others);
      const from = random.integer(other.length + 1);
      return Buffer.concat([before, other.subarray(from, from + 1 + random.integer(4096)), after]);
    }
    case 7: // a length or a count in binary
      if (bytes.length < 8) return Buffer.concat([bytes, Buffer.alloc(8, pick(random, ODD_BYTES))]);
      return withInteger(random, bytes, Math.min(at, bytes.length - 8));
    default: {
      // nested without an end
      const piece = pick(random, ['[', '{"a":', '"', '\n', ' ', ',']);
      return Buffer.concat([before, Buffer.from(piece.repeat(1 + random.integer(3000))), after]);
    }
  }
}

function withInteger(random, bytes, at) {
  const changed = Buffer.from(bytes);
  changed.writeBigUInt64LE(pick(random, [0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]), at);
  return changed;
}

/** A run of digits becomes another number; null: there is none. */
function numberChanged(random, bytes) {
  const text = bytes.toString('latin1');
  const runs = [...text.slice(0, 2 ** 16).matchAll(/-?\d+(\.\d+)?/g)];
  if (runs.length === 0) return null;
  const { 0: run, index } = pick(random, runs);
  return Buffer.from(text.slice(0, index) + pick(random, ODD_NUMBERS) + text.slice(index + run.length), 'latin1');
}

/** One value of a JSON text becomes another; of a text with lines, of one line. null: it is no JSON. */
function jsonChanged(random, bytes) {
  if (bytes.length > 2 ** 20) return null;
  const lines = bytes.toString('utf8').split('\n');
  const whole = parsed(lines.join('\n'));
  if (whole !== undefined) return Buffer.from(JSON.stringify(valueChanged(random, whole)));
  const at = random.integer(lines.length);
  const value = parsed(lines[at]);
  if (value === undefined) return null;
  lines[at] = JSON.stringify(valueChanged(random, value)) ?? '';
  return Buffer.from(lines.join('\n'));
}

function valueChanged(random, value) {
  if (typeof value !== 'object' || value === null || random.next() < 0.15) return pick(random, ODD_VALUES);
  const keys = Object.keys(value);
  if (keys.length === 0) return pick(random, ODD_VALUES);
  const changed = Array.isArray(value) ? [...value] : { ...value };
  const key = pick(random, keys);
  const how = random.next();
  if (how < 0.15) delete changed[key];
  else if (how < 0.25) changed[pick(random, ['__proto__', 'x', '0', ''])] = value[key];
  else if (how < 0.35) changed[pick(random, keys)] = value[key];
  else changed[key] = valueChanged(random, value[key]);
  return changed;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
