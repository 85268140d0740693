/**
 * The part of an e-mail that its reader sees, as one text: the subject, a line break, and the body (its text part, or
 * its HTML as text). Attachments and every other header are left out. RFC 5322 and MIME are read by postal-mime, character
 * sets by @exodus/bytes, HTML by html-to-text; knows nothing of spam.
 */
import { compile } from 'html-to-text';
import PostalMime from 'postal-mime';
import { withStandardDecoder } from './standard-decoder.ts';

/** UTF-16 units of a body; the network reads far fewer. */
const bodyLimit = 4000;
/** UTF-16 units of HTML source that are looked at, since much of it is markup. */
const htmlLimit = 40_000;

const htmlToText = compile({
  wordwrap: false,
  // unclosed tags nest; deeper ones end in a stack overflow
  limits: { maxDepth: 300, ellipsis: '' },
  selectors: [
    { selector: 'a', options: { ignoreHref: true } },
    { selector: 'img', format: 'skip' },
  ],
});

/** Mail programs of the time sent HTML without saying so. */
const startsAsHtml = /^\s*<(?:!doctype|html|head|body|meta|title|style|table|center|div|font|br|hr|p|a|b|img)\b/i;

/** Bounces and mails with broken MIME carry header lines in what counts as their body; they would give the answer away. */
const headerLines =
  /^[ \t>]*(?:received|return-path|delivered-to|message-id|mime-version|content-[a-z-]+|x-[a-z-]+):.*(?:\r?\n[ \t]+\S.*)*\r?\n?/gim;

/** Control characters but tab and line breaks, and the half of a surrogate pair that a cut leaves. */
const unprintable = /(?![\t\n\r])\p{Cc}|\p{Cs}/gu;

/** Rules and boxes drawn with punctuation: each mark would be a token of its own, and a network reads few. */
const drawnLines = /([^\p{L}\p{N}\s])(?:\s*\1){2,}/gu;
/** What stands behind the host of an address. */
const addressTails = /\b(https?:\/\/[^\s/"'>)\]]+)[^\s"'>)\]]*/gi;

/** @param raw the mail's bytes as they came, in whatever character sets its parts declare */
export async function mailText(raw: Uint8Array): Promise<string> {
  // it makes its decoders when it first meets a character set, and keeps them
  const mail = await withStandardDecoder(() => PostalMime.parse(raw, { forceRfc822Attachments: true }));
  const plain = mail.text?.trim() ?? '';
  const html = plain === '' ? mail.html : startsAsHtml.test(plain) ? plain : undefined;
  const body = html === undefined ? plain : htmlToText(html.slice(0, htmlLimit));
  const cut = body
    .slice(0, 2 * bodyLimit)
    .replace(headerLines, '')
    .replace(addressTails, '$1')
    .replace(drawnLines, '$1')
    .trim()
    .slice(0, bodyLimit);
  return `${mail.subject?.trim() ?? ''}\n${cut}`.replace(unprintable, ' ').trim();
}
