// A recorded request as it can be sent again.
import { expect, it } from 'vitest';
import { replayed } from './replayed';

it('keeps method, path and query, and names the secrets that it leaves out', () => {
  const decision = { Method: 'POST', Path: '/nginx/7', Query: 'page=2&AppCode=***&q=a%3Db&jwt=***' };
  const path = '/nginx/7?page=2&q=a%3Db';
  expect(replayed(decision)).toEqual({ method: 'POST', path, masked: ['AppCode', 'jwt'], app: '', auth: '' });
  expect(replayed({ Path: '/a' })).toMatchObject({ method: 'GET', path: '/a', masked: [] });
});

it('takes the app that called, with what it called with', () => {
  expect(replayed({ AppId: 7, AppKey: 'k' })).toMatchObject({ app: '7', auth: 'APPKEY' });
  expect(replayed({ AppId: 7, AppKey: 'k', Query: 'AppCode=***' })).toMatchObject({ app: '7', auth: 'APPCODE' });
});
