import { expect, it } from 'vitest';
import { find } from './find';

const ITEMS = [
  { name: 'APIs', kind: 'Manage APIs', to: '/apis', more: '' },
  { name: 'my-shop', kind: 'API · web', to: '/a', more: '/orders a1' },
  { name: 'shop', kind: 'Group', to: '/g', more: 'g1' },
  { name: 'shop-orders', kind: 'API · web', to: '/b', more: '/x b1' },
];

const names = (wanted: string) => find(ITEMS, wanted).map((item) => item.name);

it('shows everything in its order before anything is typed', () => {
  expect(names('  ')).toEqual(['APIs', 'my-shop', 'shop', 'shop-orders']);
});

it('puts the very name first, then beginnings, then the rest', () => {
  expect(names('shop')).toEqual(['shop', 'shop-orders', 'my-shop']);
  expect(names('SHOP api')).toEqual(['shop-orders', 'my-shop']);
  expect(names('orders')).toEqual(['shop-orders', 'my-shop']);
  expect(names('b1')).toEqual(['shop-orders']);
  expect(names('nothing')).toEqual([]);
});
