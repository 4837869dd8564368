// A VPC access as its form has it, and as the operations take it. Invariant: read and written without an edit, it is the same.
import type { Params } from '../../api/client';
import type { Access } from '../../api/queries';
import type { Row } from '../../parts/Rows';

export interface AccessForm extends Record<string, unknown> {
  name: string;
  network: string;
  target: string;
  port: number | string;
  host: string;
  description: string;
  targets: Row[];
  weight: number | string;
  balance: string;
  balanceHeader: string;
  checked: boolean;
  health: Row;
  whenAllDown: string;
  verify: boolean;
}

export const NEW_HEALTH: Row = { Type: 'HTTP', Path: '/', Interval: 5000, Timeout: 2000 };

export function readAccess(access: Access | undefined): AccessForm {
  return {
    name: access?.Name ?? '',
    network: access?.VpcId ?? '',
    target: access?.InstanceId ?? '',
    port: access?.Port ?? 80,
    host: access?.VpcTargetHostName ?? '',
    description: access?.Description ?? '',
    targets: (access?.Targets ?? []) as Row[],
    weight: access?.Weight ?? '',
    balance: access?.Balance?.toUpperCase() ?? '',
    balanceHeader: access?.BalanceHeader ?? '',
    checked: access?.HealthCheck !== undefined,
    health: (access?.HealthCheck ?? NEW_HEALTH) as Row,
    whenAllDown: access?.WhenAllDown?.toUpperCase() ?? '',
    verify: access?.TlsVerify !== false,
  };
}

/** Only what differs from `before` among what the vendor does not have: the rest keeps its value. */
export function writeAccess(form: AccessForm, before: AccessForm): Params<'SetVpcAccess'> {
  const changed = <T>(name: keyof AccessForm, value: T): T | undefined =>
    JSON.stringify(form[name]) === JSON.stringify(before[name]) ? undefined : value;
  const isChecked = JSON.stringify([form.checked, form.health]) === JSON.stringify([before.checked, before.health]);
  return {
    Name: form.name.trim(),
    VpcId: form.network.trim(),
    InstanceId: form.target.trim(),
    Port: Number(form.port),
    VpcTargetHostName: form.host.trim() || changed('host', ''),
    Description: form.description.trim() || undefined,
    Targets: changed('targets', JSON.stringify(form.targets)),
    Weight: form.weight === '' ? undefined : changed('weight', Number(form.weight)),
    Balance: changed('balance', form.balance),
    BalanceHeader: changed('balanceHeader', form.balanceHeader.trim()),
    HealthCheck: isChecked ? undefined : JSON.stringify(form.checked ? form.health : {}),
    WhenAllDown: changed('whenAllDown', form.whenAllDown),
    TlsVerify: changed('verify', form.verify),
  };
}
