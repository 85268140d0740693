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
  const begin = [SPACE, MARK].find((mark) => pieces.some((piece) => piece.startsWith(mark)));
  let afterSpecial = true;
  return pieces.map((piece) => {
    const special = SPECIAL.test(piece) && piece !== '[UNK]' && piece !== '<unk>';
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

/** The text of a letter for each byte; part of a character is shown as '�'. */
function fromBytes(letters: string): string {
  const bytes = Array.from(letters, (letter) => {
    const code = letter.charCodeAt(0);
    if (code < 0x100) return code;
    const other = code - 0x100; // those that are no printable Latin-1: 0 to 0x20, 0x7f to 0xa0, 0xad
    return other <= 0x20 ? other : other <= 0x42 ? other + 0x5e : 0xad;
  });
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
