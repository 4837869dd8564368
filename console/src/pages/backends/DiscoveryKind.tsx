// A backend whose targets a registry tells: DNS or Nacos.
import { Group, NumberInput, Select, TextInput } from '@mantine/core';
import { useTexts } from '../../i18n';
import { type KindProps, Verify } from '../apis/BackendKinds';
import type { Fields } from '../apis/draft';

const BALANCES = ['ROUND_ROBIN', 'LEAST_REQUESTS', 'CLIENT_ADDRESS', 'HEADER'] as const;

export function DiscoveryKind({ service, set }: KindProps) {
  const { t } = useTexts();
  const config = (service.DiscoveryConfig ?? {}) as Fields;
  const change = (changes: Fields) => set({ DiscoveryConfig: { ...config, ...changes } });
  const type = String(config.RcType ?? 'DNS').toUpperCase();
  const balance = String(config.Balance ?? '').toUpperCase();
  return (
    <>
      <Group grow align="flex-start">
        <Select
          label={t('discovery.registry')}
          allowDeselect={false}
          data={['DNS', 'NACOS']}
          value={type}
          onChange={(value) => change({ RcType: value })}
        />
        <Select
          label={t('kind.scheme')}
          allowDeselect={false}
          data={['HTTP', 'HTTPS']}
          value={String(config.Scheme ?? '').toUpperCase() || 'HTTP'}
          onChange={(value) => change({ Scheme: value })}
        />
      </Group>
      {type === 'DNS' ? <Dns config={config} change={change} /> : <Nacos config={config} change={change} />}
      <Group grow align="flex-start">
        <Select
          label={t('targets.balance')}
          allowDeselect={false}
          data={BALANCES.map((one) => ({ value: one, label: t(`targets.${one}`) }))}
          value={balance || 'ROUND_ROBIN'}
          onChange={(value) => change({ Balance: value })}
        />
        {balance === 'HEADER' && (
          <TextInput
            label={t('targets.header')}
            withAsterisk
            value={String(config.BalanceHeader ?? '')}
            onChange={(event) => change({ BalanceHeader: event.currentTarget.value })}
          />
        )}
      </Group>
      <Verify value={service.TlsVerify} set={set} />
    </>
  );
}

interface RegistryProps {
  config: Fields;
  change: (changes: Fields) => void;
}

function Dns({ config, change }: RegistryProps) {
  const { t } = useTexts();
  const dns = (config.DnsConfig ?? {}) as Fields;
  return (
    <Group grow align="flex-start">
      <TextInput
        label={t('discovery.name')}
        description={t('discovery.nameHint')}
        withAsterisk
        value={String(dns.Name ?? '')}
        onChange={(event) => change({ DnsConfig: { ...dns, Name: event.currentTarget.value } })}
      />
      <NumberInput
        label={t('vpc.port')}
        description=" "
        withAsterisk
        hideControls
        value={(dns.Port as number | undefined) ?? ''}
        onChange={(value) => change({ DnsConfig: { ...dns, Port: value === '' ? undefined : Number(value) } })}
      />
    </Group>
  );
}

function Nacos({ config, change }: RegistryProps) {
  const { t } = useTexts();
  const nacos = (config.NacosConfig ?? {}) as Fields;
  const field = (name: string, label: string, hint?: string, placeholder?: string) => (
    <TextInput
      label={label}
      description={hint}
      placeholder={placeholder}
      value={String(nacos[name] ?? '')}
      onChange={(event) => change({ NacosConfig: { ...nacos, [name]: event.currentTarget.value || undefined } })}
    />
  );
  return (
    <>
      {field('ServerAddress', t('discovery.server'), t('discovery.serverHint'), 'nacos.internal:8848')}
      <Group grow align="flex-start">
        {field('ServiceName', t('discovery.service'))}
        {field('GroupName', t('discovery.group'), undefined, 'DEFAULT_GROUP')}
      </Group>
      <Group grow align="flex-start">
        {field('Namespace', t('discovery.namespace'))}
        {field('Clusters', t('discovery.clusters'))}
      </Group>
    </>
  );
}
