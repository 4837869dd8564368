// What can be seen of a PEM text before it is sent; the server judges chain, names, dates and key.
export type PemProblem = 'empty' | 'noPem' | 'cut' | 'isKey' | 'isCertificate' | 'encrypted';

export function pemProblem(wanted: 'certificate' | 'key', text: string): PemProblem | undefined {
  if (text.trim() === '') return 'empty';
  const begun = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map((match) => match[1] ?? '');
  const ended = [...text.matchAll(/-----END ([A-Z0-9 ]+)-----/g)].map((match) => match[1] ?? '');
  if (begun.length === 0) return 'noPem';
  if (begun.join() !== ended.join()) return 'cut';
  const keys = begun.filter((name) => name.endsWith('PRIVATE KEY'));
  if (wanted === 'certificate') return keys.length > 0 ? 'isKey' : undefined;
  if (keys.length === 0) return 'isCertificate';
  const isEncrypted = keys.some((name) => name.startsWith('ENCRYPTED')) || /^Proc-Type:.*ENCRYPTED/m.test(text);
  return isEncrypted ? 'encrypted' : undefined;
}
