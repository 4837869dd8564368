// Two people edit one draft.
import { describe, expect, it } from 'vitest';
import { takesMine } from '../../parts/choices';
import { NEW_DRAFT } from './draft';
import { choices, merged } from './merge';

const base = { ...NEW_DRAFT, name: 'a' };
const theirs = { ...base, description: 'theirs', service: { ...base.service, ServiceTimeout: 1, ServicePath: '/t' } };
const mine = { ...base, name: 'b', service: { ...base.service, ServiceTimeout: 2 } };

describe('a merge', () => {
  it('takes from each side what only that side changed, and asks about the rest', () => {
    const found = choices(base, theirs, mine);
    expect(found.map((one) => [one.field, takesMine(one), one.conflicts]).sort()).toEqual([
      ['description', false, false],
      ['name', true, false],
      ['service.ServicePath', false, false],
      ['service.ServiceTimeout', true, true],
    ]);
    const kept = found.filter(takesMine).map((one) => one.field);
    const result = merged(theirs, mine, kept);
    expect(result).toMatchObject({ name: 'b', description: 'theirs' });
    expect(result.service).toMatchObject({ ServiceTimeout: 2, ServicePath: '/t' });
  });

  it('has nothing to ask when both saved the same', () => {
    expect(choices(base, mine, mine)).toEqual([]);
  });

  it('can take away a field', () => {
    const { ServiceTimeout: _gone, ...service } = base.service;
    const without = { ...base, service };
    expect(merged(base, without, ['service.ServiceTimeout']).service).toEqual(service);
  });
});
