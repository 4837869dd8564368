import { expect, it } from 'vitest';
import type { Access } from '../../api/queries';
import { readAccess, writeAccess } from './access';

const STORED = {
  Name: 'web',
  VpcId: 'vpc-a',
  InstanceId: '10.0.0.1',
  Port: 80,
  VpcTargetHostName: 'shop.internal',
  Targets: [{ InstanceId: '10.0.0.2', Weight: 3 }],
  Weight: 0,
  Balance: 'HEADER',
  BalanceHeader: 'x-user',
  HealthCheck: { Type: 'HTTP', Path: '/up', Status: '204', Interval: 100 },
  WhenAllDown: 'REFUSE',
  TlsVerify: false,
} as Access;

it('sends nothing that nobody changed: the rest keeps its value', () => {
  const before = readAccess(STORED);
  const sent = Object.entries(writeAccess(before, before)).filter(([, value]) => value !== undefined);
  expect(Object.fromEntries(sent)).toEqual({
    Name: 'web',
    VpcId: 'vpc-a',
    InstanceId: '10.0.0.1',
    Port: 80,
    VpcTargetHostName: 'shop.internal',
  });
});

it('sends a changed part whole, and what was taken away as empty', () => {
  const before = readAccess(STORED);
  const after = { ...before, host: '', targets: [], checked: false, verify: true };
  expect(writeAccess(after, before)).toMatchObject({
    VpcTargetHostName: '',
    Targets: '[]',
    HealthCheck: '{}',
    TlsVerify: true,
    Balance: undefined,
  });
});
