// Networks: how the gateway gets into each, and the addresses that backends there see.
import { Badge, Code, Group, PasswordInput, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { call, callAll } from '../../api/client';
import { useNetworks, when } from '../../api/queries';
import { type Key, useTexts } from '../../i18n';
import { CopyText } from '../../parts/CopyText';
import { FormDialog } from '../../parts/FormDialog';
import { ResourcePage } from '../../parts/Resource';
import { useSave } from '../../parts/useSave';
import { FIELDS, inWords, MODES, readAttachment } from './attachment';
import { Connectors } from './Connectors';
import { type Network, readNetwork, writeNetwork } from './network';

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

function EditNetwork({ network, close }: { network?: Network; close: () => void }) {
  const { t } = useTexts();
  const form = useForm({
    initialValues: readNetwork(network),
    validate: { id: (value) => (value.trim() ? null : t('error.required')) },
  });
  const save = useSave({
    run: (values: typeof form.values) => {
      const params = writeNetwork(values, network);
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
          return readNetwork(all.find((one) => one.NetworkId === network.NetworkId));
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
