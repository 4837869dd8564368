import { expect, it } from 'vitest';
import { LANGUAGES, readSent, snippet } from './snippets';

const SENT =
  'POST /v1/a?x=1 HTTP/1.1\r\nHost: g.example.com\r\nAccept: */*\r\nConnection: close\r\nX-Ca-Stage: TEST\r\n' +
  "Authorization: APPCODE ***\r\nX-Own: it's\r\n\r\nbody";

it('takes over what was sent, but for what proves the caller', () => {
  const sent = readSent(SENT, { auth: 'APPCODE', body: 'b"o"' });
  expect(sent).toMatchObject({ method: 'POST', path: '/v1/a?x=1', host: 'g.example.com' });
  expect(sent.headers).toEqual([
    ['accept', '*/*'],
    ['x-ca-stage', 'TEST'],
    ['x-own', "it's"],
  ]);
  for (const language of LANGUAGES) {
    const made = snippet(language, sent);
    expect(made, language).toContain('APP_CODE');
    expect(made, language).not.toContain('***');
  }
  expect(snippet('curl', sent)).toContain("-H 'x-own: it'\\''s'");
});

it('keeps a token of the caller’s own', () => {
  const sent = readSent('GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer x\r\n\r\n', { auth: 'NONE', body: '' });
  expect(snippet('curl', sent)).toContain('authorization: Bearer x');
});

it('signs anew in every language, with the method that was used', () => {
  const signed = 'GET\n*/*\n\n\n\nx-ca-key:k\nx-ca-nonce:old\nx-ca-signature-method:HmacSHA1\nx-ca-timestamp:1\n/a';
  const sent = readSent('GET /a HTTP/1.1\r\nHost: h\r\nx-ca-nonce: old\r\n\r\n', { auth: 'APPKEY', body: '' }, signed);
  for (const language of LANGUAGES) {
    const made = snippet(language, sent);
    expect(made, language).toContain('APP_SECRET');
    expect(made, language).not.toContain('old');
    expect(made.toLowerCase(), language).toContain('sha1');
  }
});

it('leads to what is published, not to a draft that was served for one call', () => {
  const sent = `GET /a HTTP/1.1\r\nHost: g\r\nX-Ca-Stage: RELEASE~${'0123456789ABCDEF'.repeat(2)}\r\n\r\n`;
  expect(readSent(sent, { auth: 'NONE', body: '' }).headers).toEqual([['x-ca-stage', 'RELEASE']]);
});
