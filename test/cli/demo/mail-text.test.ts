import { describe, expect, test } from 'vitest';
import { mailText } from '../../../src/cli/demo/mail-text.ts';

const bytes = (...lines: string[]) => Buffer.from(lines.join('\r\n'), 'latin1');

describe('the text of a mail', () => {
  test('is the subject and the body, and no other header', async () => {
    const mail = bytes('Received: from here', 'From: a@example.org', 'Subject: Lunch', '', 'At noon?', 'A.');
    expect(await mailText(mail)).toBe('Lunch\nAt noon?\nA.');
  });

  test('takes the text part before the HTML part and leaves attachments out', async () => {
    const mail = bytes(
      'Subject: =?iso-8859-1?Q?Caf=E9?=',
      'Content-Type: multipart/mixed; boundary=x',
      '',
      '--x',
      'Content-Type: multipart/alternative; boundary=y',
      '',
      '--y',
      'Content-Type: text/html',
      '',
      '<p>marked up</p>',
      '--y',
      'Content-Type: text/plain; charset=iso-8859-1',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      'na=EFve',
      '--y--',
      '--x',
      'Content-Type: message/rfc822',
      '',
      'Subject: inner',
      '',
      'forwarded',
      '--x--',
    );
    expect(await mailText(mail)).toBe('Café\nnaïve');
  });

  test.each(['windows-1252', 'iso-8859-1', 'us-ascii', 'x-unheard-of'])(
    'reads the bytes 0x80 to 0x9f of %s as the Encoding Standard does, whatever Node does',
    async (charset) => {
      const mail = bytes(
        `Subject: =?${charset}?Q?=85?=`,
        `Content-Type: text/plain; charset=${charset}`,
        '',
        '\x80 \x93a\x94 \x99',
      );
      expect(await mailText(mail)).toBe('…\n€ “a” ™');
    },
  );

  test('leaves the global decoder as it was', async () => {
    const before = globalThis.TextDecoder;
    await Promise.all([mailText(bytes('Subject: S', '', 'a')), mailText(bytes('Subject: T', '', 'b'))]);
    expect(globalThis.TextDecoder).toBe(before);
  });

  test.each([
    ['declared', 'Content-Type: text/html'],
    ['undeclared', 'X-Mailer: Bulk'],
  ])('turns %s HTML into text, without scripts, styles and addresses', async (_, header) => {
    const html = '<html><style>p{}</style><script>x()</script><p>Fr<!-- hidden -->ee <a href="http://x">money</a></p>';
    expect(await mailText(bytes('Subject: S', header, '', html))).toBe('S\nFree money');
  });

  test('drops header lines that broken MIME leaves in the body', async () => {
    const mail = bytes('Subject: S', '', 'Content-Type: text/plain;', '\tcharset=x', 'X-Spam: yes', 'Hello', 'To: me');
    expect(await mailText(mail)).toBe('S\nHello\nTo: me');
  });

  test('draws rules and boxes with one mark, and names an address by its host', async () => {
    const mail = bytes(
      'Subject: S',
      '',
      '* * * * * * *',
      'Win!!! -----===== at <http://a.example/x?y=1&z=2> now... 10--20',
    );
    expect(await mailText(mail)).toBe('S\n*\nWin! -= at <http://a.example> now. 10--20');
  });

  test.each([
    ['nothing at all', ''],
    ['a multipart mail without its parts', 'Content-Type: multipart/mixed; boundary=x\r\n\r\n--y\r\n'],
    ['an unknown character set', 'Content-Type: text/plain; charset=klingon\r\n\r\n\xe9\x00'],
    ['base64 that is none', 'Content-Transfer-Encoding: base64\r\n\r\n%%%'],
  ])('survives %s', async (_, mail) => {
    expect(typeof (await mailText(Buffer.from(mail, 'latin1')))).toBe('string');
  });

  test('is truncated in reasonable time, whatever the size of the mail', async () => {
    const begin = performance.now();
    const nested = `<html>${'<div>'.repeat(100_000)}x`;
    expect((await mailText(bytes('Subject: S', 'Content-Type: text/html', '', nested))).length).toBeLessThan(4100);
    expect((await mailText(bytes('Subject: S', '', 'word '.repeat(1_000_000)))).length).toBeLessThan(4100);
    expect(performance.now() - begin).toBeLessThan(5000);
  });
});
