/** Word pieces as a reader sees them. Knows the marks of WordPiece ('##ing') and of byte-level BPE ('Ġword'). */

export interface ShownPiece {
  readonly text: string;
  /** It goes on the word before it. */
  readonly joined: boolean;
  /** Not of the text: [CLS], [SEP], <s>. */
  readonly special: boolean;
}

const SPECIAL = /^(\[[A-Z]+\]|<\/?[a-z]+>)$/;
const SPACE = 'Ġ';

export function shownPieces(pieces: readonly string[]): ShownPiece[] {
  const byteLevel = pieces.some((piece) => piece.startsWith(SPACE));
  let afterSpecial = true;
  return pieces.map((piece) => {
    const special = SPECIAL.test(piece) && piece !== '[UNK]' && piece !== '<unk>';
    const begins = byteLevel ? piece.startsWith(SPACE) || afterSpecial : !piece.startsWith('##');
    afterSpecial = special;
    if (special) return { text: piece, joined: false, special };
    const text = byteLevel ? piece.replaceAll(SPACE, '') : piece.replace(/^##(?=.)/, '');
    return { text, joined: !begins, special };
  });
}
