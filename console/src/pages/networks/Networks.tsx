// Networks: how the gateway gets into each, and the addresses that backends there see.
import { Badge, Code, Group, PasswordInput, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { type Answer, call, callAll } from '../../api/client';
import { useNetworks, when } from '../../api/queries';
import { type Key, useTexts } from '../../i18n';
import { CopyText } from '../../parts/CopyText';
import { FormDialog } from '../../parts/FormDialog';
import { ResourcePage } from '../../parts/Resource';
import { useSave } from '../../parts/useSave';
import { FIELDS, fromForm, inWords, MODES, readAttachment, toForm } from './attachment';
import { Connectors } from './Connectors';

type Network = NonNullable<NonNullable<NonNullable<Answer<'DescribeNetworks'>['Networks']>['Network']>[number]>;

export function Networks() {
  return (
    <>
      <NetworkList />
      <Connectors />
    </>
  );
}

function NetworkList() {
  const { t } = useTexts();
  return (
    <ResourcePage
      title={t('network.title')}
      lead={t('network.lead')}
      list={useNetworks()}
      rowKey={(network) => network.NetworkId ?? ''}
      searched={(network) => `${network.NetworkId} ${network.Name} ${(network.Cidrs ?? []).join(' ')}`}
      empty={t('network.empty')}
      create={{ label: t('network.create'), form: (close) => <EditNetwork close={close} /> }}
      edit={(network, close) => <EditNetwork network={network} close={close} />}
      remove={{
        name: (network) => network.NetworkId ?? '',
        text: t('network.deleteText'),
        run: (network) => call('DeleteNetwork', { NetworkId: network.NetworkId ?? '' }),
        stale: ['networks', 'instances'],
      }}
      columns={[
        {
          title: t('common.id'),
          cell: (network) => (
            <Stack gap={0}>
              <Text fw={600}>{network.NetworkId}</Text>
              {network.Name && (
                <Text size="xs" c="dimmed">
                  {network.Name}
                </Text>
              )}
            </Stack>
          ),
        },
        {
          title: t('network.attachment'),
          cell: (network) => (
            <Code style={{ overflowWrap: 'anywhere' }}>{inWords(readAttachment(network.Attachment))}</Code>
          ),
        },
        { title: 'CIDR', cell: (network) => (network.Cidrs ?? []).join(', ') || '–' },
        {
          title: t('instance.egress'),
          cell: (network) => (
            <Group gap={4}>
              {(network.EgressAddresses ?? []).map((address) => (
                <CopyText key={address} value={address} />
              ))}
            </Group>
          ),
        },
        {
          title: t('overview.state'),
          cell: (network) => (
            <Badge color={network.State === 'ATTACHED' ? 'teal.9' : 'gray.8'} tt="none" title={network.StateReason}>
              {network.State}
            </Badge>
          ),
        },
        {
          title: t('common.modified'),
          id: 'modified',
          value: (network) => network.ModifiedTime,
          cell: (network) => when(network.ModifiedTime),
        },
      ]}
    />
  );
}

const lines = (text: string) => text.split(/[\s,]+/).filter(Boolean);

/** One `id = address` a line. */
export function readInstances(text: string): Record<string, string> {
  const pairs = text.split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(
    pairs.map((line) => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1).trim()]),
  );
}

function valuesOf(network?: Network) {
  const instances = Object.entries(readAttachment(network?.Instances));
  return {
    id: network?.NetworkId ?? '',
    name: network?.Name ?? '',
    cidrs: (network?.Cidrs ?? []).join('\n'),
    instances: instances.map(([id, address]) => `${id} = ${address}`).join('\n'),
    ...toForm(readAttachment(network?.Attachment)),
  };
}

function EditNetwork({ network, close }: { network?: Network; close: () => void }) {
  const { t } = useTexts();
  const kept = readAttachment(network?.Attachment);
  const form = useForm({
    initialValues: valuesOf(network),
    validate: { id: (value) => (value.trim() ? null : t('error.required')) },
  });
  const save = useSave({
    run: (values: typeof form.values) => {
      const params = {
        NetworkId: values.id.trim(),
        Name: values.name.trim(),
        Attachment: JSON.stringify(fromForm(values, kept)),
        Cidrs: lines(values.cidrs).join(','),
        Instances: JSON.stringify(readInstances(values.instances)),
      };
      return network ? call('ModifyNetwork', params) : call('CreateNetwork', params);
    },
    stale: ['networks', 'instances'],
    after: close,
  });
  return (
    <FormDialog
      title={network ? t('wizard.editTitle', { name: network.NetworkId ?? '' }) : t('network.create')}
      form={form}
      save={save}
      close={close}
      fresh={
        network &&
        (async () => {
          const all = await callAll('DescribeNetworks', {}, (answer) => answer.Networks?.Network);
          return valuesOf(all.find((one) => one.NetworkId === network.NetworkId));
        })
      }
    >
      <TextInput
        label={t('common.id')}
        description={t('network.idHint')}
        withAsterisk
        data-autofocus
        disabled={network !== undefined}
        {...form.getInputProps('id')}
      />
      <TextInput label={t('common.name')} {...form.getInputProps('name')} />
      <Select
        label={t('network.attachment')}
        description={t(`network.${form.values.mode}` as Key)}
        allowDeselect={false}
        data={[...new Set<string>([...MODES, form.values.mode])]}
        {...form.getInputProps('mode')}
      />
      {(FIELDS[form.values.mode] ?? []).map((name) =>
        name === 'password' ? (
          <PasswordInput
            key={name}
            label={t('network.field.password')}
            autoComplete="off"
            visibilityToggleButtonProps={{ 'aria-label': t('action.show') }}
            {...form.getInputProps(name)}
          />
        ) : (
          <TextInput key={name} label={t(`network.field.${name}`)} {...form.getInputProps(name)} />
        ),
      )}
      <Textarea
        label="CIDR"
        description={t('network.cidrHint')}
        placeholder="10.0.0.0/24"
        autosize
        minRows={2}
        {...form.getInputProps('cidrs')}
      />
      <Textarea
        label={t('network.instances')}
        description={t('network.instancesHint')}
        placeholder="i-web = 10.0.0.11"
        autosize
        minRows={2}
        {...form.getInputProps('instances')}
      />
    </FormDialog>
  );
}
