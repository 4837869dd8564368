// Domains of one's own, over all groups.
import { useQuery } from '@tanstack/react-query';
import { type Answer, callAll } from '../../api/client';

export type Domain = NonNullable<Answer<'DescribeBoundDomains'>['Domains']>[number];

export const useDomains = () =>
  useQuery({ queryKey: ['domains'], queryFn: () => callAll('DescribeBoundDomains', {}, (answer) => answer.Domains) });

const DAY = 86_400_000;
/** A certificate that ends sooner asks for attention. */
const SOON = 30 * DAY;

export type Expiry = { state: 'none' } | { state: 'expired' | 'soon' | 'good'; days: number };

export function expiryOf(validEnd: number | undefined, now: number): Expiry {
  if (!validEnd) return { state: 'none' };
  const days = Math.floor((validEnd - now) / DAY);
  if (validEnd <= now) return { state: 'expired', days };
  return { state: validEnd - now < SOON ? 'soon' : 'good', days };
}
