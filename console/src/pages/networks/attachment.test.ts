import { expect, it } from 'vitest';
import { fromForm, inWords, toForm } from './attachment';

it('keeps what the form does not know, as long as the mode stays', () => {
  const kept = { mode: 'socks5', host: 'bastion', port: 1080, user: 'u', password: '***', later: true };
  expect(fromForm(toForm(kept), kept)).toEqual(kept);
  expect(fromForm({ ...toForm(kept), mode: 'host' }, kept)).toEqual({ mode: 'host' });
  expect(fromForm({ ...toForm(kept), user: '' }, kept)).not.toHaveProperty('user');
});

it('says in one line how a network is attached', () => {
  expect(inWords({ mode: 'host' })).toBe('host');
  expect(inWords({ mode: 'host', device: 'eth1' })).toBe('host eth1');
  expect(inWords({ mode: 'connector', socket: '/run/a.sock' })).toBe('connector /run/a.sock');
  expect(inWords({ mode: 'http_connect', host: 'b', port: 3128 })).toBe('http_connect b:3128');
});
