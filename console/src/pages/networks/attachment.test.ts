import { expect, it } from 'vitest';
import { fromForm, inWords, toForm } from './attachment';

it('keeps what the form does not know, as long as the mode stays', () => {
  const kept = { mode: 'socks5', host: 'bastion', port: 1080, user: 'u', password: '***', later: true };
  expect(fromForm(toForm(kept), kept)).toEqual(kept);
  expect(fromForm({ ...toForm(kept), mode: 'host' }, kept)).toEqual({ mode: 'host' });
  expect(fromForm({ ...toForm(kept), user: '' }, kept)).not.toHaveProperty('user');
});

it('reads the addresses of a tunnel as a list and shows them in one line', () => {
  const kept = {
    mode: 'wireguard',
    socket: '/run/w.sock',
    peer_key: 'k',
    endpoint: 'e:1',
    addresses: ['10.9.0.2/32', 'fd00::2/64'],
  };
  expect(toForm(kept).addresses).toBe('10.9.0.2/32, fd00::2/64');
  expect(fromForm(toForm(kept), { ...kept, keepalive: 5 })).toEqual({ ...kept, keepalive: 5 });
});

it('says in one line how a network is attached', () => {
  expect(inWords({ mode: 'host' })).toBe('host');
  expect(inWords({ mode: 'host', device: 'eth1' })).toBe('host eth1');
  expect(inWords({ mode: 'connector', socket: '/run/a.sock' })).toBe('connector /run/a.sock');
  expect(inWords({ mode: 'wireguard', endpoint: 'e:1' })).toBe('wireguard e:1');
  expect(inWords({ mode: 'http_connect', host: 'b', port: 3128 })).toBe('http_connect b:3128');
});
