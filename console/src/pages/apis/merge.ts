// Three ways of one draft: as it was when editing began, as somebody else saved it, as it is in the form. Invariant: a
// field that only one side changed is taken from that side; what neither changed stays.
import { type Choice, choicesOf } from '../../parts/choices';
import type { Draft } from './draft';

// Their members are chosen one by one.
const NESTED = ['request', 'service', 'others'] as const;
// What goes together: rows of the grid hold their own backend side.
const PLAIN = [
  'name',
  'description',
  'visibility',
  'authType',
  'appCode',
  'signature',
  'forceNonce',
  'disableInternet',
  'parameters',
  'otherService',
  'otherMap',
  'order',
  'constants',
  'systems',
  'resultType',
  'resultSample',
  'failSample',
] as const;

/** Every field that one side changed. */
export const choices = (base: Draft, theirs: Draft, mine: Draft): Choice[] =>
  choicesOf(flat(base), flat(theirs), flat(mine));

/** Their draft with the fields of mine that were chosen. */
export function merged(theirs: Draft, mine: Draft, fields: string[]): Draft {
  const result = structuredClone(theirs) as unknown as Record<string, unknown>;
  const values = flat(mine);
  for (const field of fields) {
    const [name = '', inner] = field.split('.');
    if (inner === undefined) result[name] = values.get(field);
    else {
      const { [inner]: _old, ...kept } = result[name] as Record<string, unknown>;
      result[name] = values.has(field) ? { ...kept, [inner]: values.get(field) } : kept;
    }
  }
  return result as unknown as Draft;
}

function flat(draft: Draft): Map<string, unknown> {
  const found = new Map<string, unknown>(PLAIN.map((name) => [name, draft[name]]));
  for (const name of NESTED)
    for (const [inner, value] of Object.entries(draft[name])) found.set(`${name}.${inner}`, value);
  return found;
}
