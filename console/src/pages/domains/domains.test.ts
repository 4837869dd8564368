import { expect, it } from 'vitest';
import { pemProblem } from './pem';
import { expiryOf } from './queries';

const DAY = 86_400_000;

it('tells how long a certificate lasts', () => {
  expect(expiryOf(undefined, 0)).toEqual({ state: 'none' });
  expect(expiryOf(100 * DAY, 0)).toEqual({ state: 'good', days: 100 });
  expect(expiryOf(30 * DAY - 1, 0)).toEqual({ state: 'soon', days: 29 });
  expect(expiryOf(DAY, DAY)).toEqual({ state: 'expired', days: 0 });
});

const pem = (name: string) => `-----BEGIN ${name}-----\nAAAA\n-----END ${name}-----\n`;

it('sees what is no certificate or no key before it is sent', () => {
  expect(pemProblem('certificate', pem('CERTIFICATE') + pem('CERTIFICATE'))).toBeUndefined();
  expect(pemProblem('certificate', '')).toBe('empty');
  expect(pemProblem('certificate', pem('PRIVATE KEY'))).toBe('isKey');
  expect(pemProblem('certificate', 'MIIB')).toBe('noPem');
  expect(pemProblem('certificate', '-----BEGIN CERTIFICATE-----\nAAAA')).toBe('cut');
  expect(pemProblem('key', pem('EC PRIVATE KEY'))).toBeUndefined();
  expect(pemProblem('key', pem('CERTIFICATE'))).toBe('isCertificate');
  expect(pemProblem('key', pem('ENCRYPTED PRIVATE KEY'))).toBe('encrypted');
  const old = '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAA\n-----END RSA PRIVATE KEY-----';
  expect(pemProblem('key', old)).toBe('encrypted');
});
