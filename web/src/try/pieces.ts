/**
 * Pieces as a reader sees them. Knows the marks of WordPiece ('##ing'), of byte-level BPE ('Ġword', and a letter for each
 * byte) and of SentencePiece ('▁word').
 */

export interface ShownPiece {
  readonly text: string;
  /** It goes on the word before it. */
  readonly joined: boolean;
  /** Not of the text: [CLS], [SEP], <s>. */
  readonly special: boolean;
}

const SPECIAL = /^(\[[A-Z]+\]|<\/?[a-z]+>)$/;
const SPACE = 'Ġ';
const MARK = '▁';

export function shownPieces(pieces: readonly string[]): ShownPiece[] {
  const begin =
    [SPACE, MARK].find((mark) => pieces.some((piece) => piece.startsWith(mark))) ??
    (areBytes(pieces) ? SPACE : undefined); // a text may have no blank
  let afterSpecial = true;
  return pieces.map((piece) => {
    const special = isSpecial(piece);
    const begins = begin ? piece.startsWith(begin) || afterSpecial : !piece.startsWith('##');
    afterSpecial = special;
    if (special) return { text: piece, joined: false, special };
    return { text: textOf(piece, begin), joined: !begins, special };
  });
}

function textOf(piece: string, begin: string | undefined): string {
  if (begin === SPACE) return fromBytes(piece).trim();
  return begin ? piece.replaceAll(begin, '') : piece.replace(/^##(?=.)/, '');
}

const isSpecial = (piece: string): boolean => SPECIAL.test(piece) && piece !== '[UNK]' && piece !== '<unk>';

/** Letters that bytes are written with: printable Latin-1, and U+0100 to U+0143 for the others. */
const BYTE_LETTERS = /^[\x21-\x7e\xa1-\xac\xae-\u0143]*$/;

/** Whether pieces without a mark are letters for bytes: together they are UTF-8, of more than ASCII. */
function areBytes(pieces: readonly string[]): boolean {
  const letters = pieces.filter((piece) => !isSpecial(piece)).join('');
  if (pieces.some((piece) => piece.startsWith('##')) || !BYTE_LETTERS.test(letters)) return false;
  try {
    // the last character may be cut off
    return /[^\0-\x7f]/.test(new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(letters), { stream: true }));
  } catch {
    return false;
  }
}

/** The text of a letter for each byte; part of a character is shown as '�'. */
const fromBytes = (letters: string): string => new TextDecoder().decode(bytesOf(letters));

function bytesOf(letters: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(letters, (letter) => {
    const code = letter.charCodeAt(0);
    if (code < 0x100) return code;
    const other = code - 0x100; // those that are no printable Latin-1: 0 to 0x20, 0x7f to 0xa0, 0xad
    return other <= 0x20 ? other : other <= 0x42 ? other + 0x5e : 0xad;
  });
}
