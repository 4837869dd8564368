// Both languages have every text, with the same places for values.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { en, type Key } from './en';
import { zh } from './zh';

const places = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();

it('has the same keys and places in every language', () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  for (const key of Object.keys(en) as Key[]) expect(places(zh[key]), key).toEqual(places(en[key]));
});

it('has no text that nothing shows', () => {
  const root = new URL('..', import.meta.url);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /^(?!i18n).*\.tsx?$/.test(file),
  );
  const code = files.map((file) => readFileSync(new URL(file, root), 'utf8')).join('\n');
  // A key that is put together has its beginning in the code.
  const isShown = (key: string) =>
    code.includes(`'${key}'`) || code.includes(`"${key}"`) || code.includes(`\`${key.replace(/\.[^.]+$/, '')}.\${`);
  expect(Object.keys(en).filter((key) => !isShown(key))).toEqual([]);
});
