// What of a recorded request can be sent again.
import type { Decision } from '../requests/records';
import { traceOf } from '../requests/trace';

const MASK = '***';
// Debug and the gateway set these anew.
const OWN = /^(host|content-length|transfer-encoding|connection|te|trailer|upgrade|expect|user-agent|accept|x-ca-.*)$/i;

export interface Replayed {
  method: string;
  /** With the query, without what was masked. */
  path: string;
  /** One `Name: value` a line; empty when they were not kept. */
  headers: string;
  body: string;
  /** Whether headers are known at all. */
  isWhole: boolean;
  /** Names of what was masked. */
  masked: string[];
  /** Who called, and with what; empty when nobody was known. */
  app: string;
  auth: string;
}

export function replayed(decision: Decision): Replayed {
  const parts = (decision.Query ?? '').split('&').filter(Boolean);
  const isMasked = (part: string) => part.slice(part.indexOf('=') + 1).includes(MASK);
  const query = parts.filter((part) => !isMasked(part)).join('&');
  const trace = traceOf(decision);
  const sent = (trace?.RequestHeaders ?? []).filter((header) => !OWN.test(header.Name ?? ''));
  const isSecret = (header: { Value?: string }) => (header.Value ?? '').includes(MASK);
  const masked = [
    ...parts.filter(isMasked).map((part) => part.split('=')[0] ?? ''),
    ...sent.filter(isSecret).map((header) => header.Name ?? ''),
  ];
  const app = decision.AppId ? String(decision.AppId) : '';
  return {
    method: decision.Method ?? 'GET',
    path: `${decision.Path ?? '/'}${query ? `?${query}` : ''}`,
    headers: sent
      .filter((header) => !isSecret(header))
      .map((header) => `${header.Name}: ${header.Value}`)
      .join('\n'),
    body: trace?.Cut ? '' : (trace?.RequestBody ?? ''),
    isWhole: trace?.RequestHeaders !== undefined,
    masked,
    app,
    auth: app === '' ? '' : decision.AppKey && masked.length === 0 ? 'APPKEY' : 'APPCODE',
  };
}
