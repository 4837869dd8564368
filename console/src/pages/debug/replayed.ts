// What of a recorded request can be sent again.
import type { Decision } from '../requests/records';

const MASK = '***';

export interface Replayed {
  method: string;
  /** With the query, without what was masked. */
  path: string;
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
  const masked = parts.filter(isMasked).map((part) => part.split('=')[0] ?? '');
  const app = decision.AppId ? String(decision.AppId) : '';
  return {
    method: decision.Method ?? 'GET',
    path: `${decision.Path ?? '/'}${query ? `?${query}` : ''}`,
    masked,
    app,
    auth: app === '' ? '' : decision.AppKey && masked.length === 0 ? 'APPKEY' : 'APPCODE',
  };
}
