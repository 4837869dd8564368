import { expect, it } from 'vitest';
import { deedOf, type Pressed } from './shortcuts';

const key = (name: string, more: Partial<Pressed> = {}): Pressed => ({
  key: name,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...more,
});

it('goes to a page with two keys, one soon after the other', () => {
  expect(deedOf(key('g'), false, undefined, 0)).toEqual({ do: 'wait' });
  expect(deedOf(key('v'), false, 0, 100)).toEqual({ do: 'go', to: '/vpcs' });
  expect(deedOf(key('x'), false, 0, 100)).toBeUndefined();
  // Too late, it means what it means alone.
  expect(deedOf(key('p'), false, 0, 5000)).toEqual({ do: 'press', key: 'p' });
});

it('leaves letters to whoever types, and to the browser', () => {
  for (const name of ['g', 'c', 'e', 'p', '/', '?', 'j', 'k']) {
    expect(deedOf(key(name), true, undefined, 0), name).toBeUndefined();
    expect(deedOf(key(name, { ctrlKey: true }), false, undefined, 0), name).toBeUndefined();
    expect(deedOf(key(name, { altKey: true }), false, undefined, 0), name).toBeUndefined();
  }
});

it('sends a form from inside an input', () => {
  expect(deedOf(key('Enter', { ctrlKey: true }), true, undefined, 0)).toEqual({ do: 'submit' });
  expect(deedOf(key('s', { metaKey: true }), true, undefined, 0)).toEqual({ do: 'save' });
  expect(deedOf(key('Enter'), true, undefined, 0)).toBeUndefined();
});
