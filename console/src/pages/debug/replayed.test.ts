// A recorded request as it can be sent again.
import { expect, it } from 'vitest';
import { replayed } from './replayed';

it('keeps method, path and query, and names the secrets that it leaves out', () => {
  const decision = { Method: 'POST', Path: '/nginx/7', Query: 'page=2&AppCode=***&q=a%3Db&jwt=***' };
  const path = '/nginx/7?page=2&q=a%3Db';
  expect(replayed(decision)).toMatchObject({ method: 'POST', path, masked: ['AppCode', 'jwt'], app: '', auth: '' });
  expect(replayed({ Path: '/a' })).toMatchObject({ method: 'GET', path: '/a', masked: [] });
});

it('takes the app that called, with what it called with', () => {
  expect(replayed({ AppId: 7, AppKey: 'k' })).toMatchObject({ app: '7', auth: 'APPKEY' });
  expect(replayed({ AppId: 7, AppKey: 'k', Query: 'AppCode=***' })).toMatchObject({ app: '7', auth: 'APPCODE' });
});

it('takes the headers that are known, without secrets and what is set anew', () => {
  const RequestHeaders = [
    { Name: 'host', Value: 'shop.example.com' },
    { Name: 'x-tenant', Value: '7' },
    { Name: 'authorization', Value: '***' },
    { Name: 'X-Ca-Signature', Value: '***' },
  ];
  const traced = { Path: '/a', Trace: { RequestHeaders, RequestBody: '{}' } };
  expect(replayed(traced)).toMatchObject({
    headers: 'x-tenant: 7',
    body: '{}',
    masked: ['authorization'],
    isWhole: true,
  });
  expect(replayed({ Path: '/a' })).toMatchObject({ headers: '', isWhole: false });
});
