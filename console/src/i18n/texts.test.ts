// Both languages have every text, with the same places for values.
import { expect, it } from 'vitest';
import { en, type Key } from './en';
import { zh } from './zh';

const places = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();

it('has the same keys and places in every language', () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  for (const key of Object.keys(en) as Key[]) expect(places(zh[key]), key).toEqual(places(en[key]));
});
