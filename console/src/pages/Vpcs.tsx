// VPC accesses: what the gateway may reach.
import { Alert, Autocomplete, Button, Group, Modal, NumberInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { call } from '../api/client';
import { type Access, egressOf, useAccesses, useInstances, useNetworks, when } from '../api/queries';
import { useTexts } from '../i18n';
import { Confirm } from '../parts/Confirm';
import { CopyText } from '../parts/CopyText';
import { DataTable } from '../parts/DataTable';
import { ErrorNotice } from '../parts/ErrorNotice';
import { Page } from '../parts/Page';
import { useSave } from '../parts/useSave';

export function Vpcs() {
  const { t } = useTexts();
  const accesses = useAccesses();
  const instances = useInstances();
  const [creating, setCreating] = useState(false);
  const [removing, setRemoving] = useState<Access | null>(null);
  const create = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
      {t('vpc.create')}
    </Button>
  );
  const remove = useSave({
    run: (access: Access) =>
      call('RemoveVpcAccess', {
        VpcId: access.VpcId ?? '',
        InstanceId: access.InstanceId ?? '',
        Port: access.Port ?? 0,
      }),
    stale: ['accesses', 'networks'],
    after: () => setRemoving(null),
  });
  const egress = egressOf(instances.data);
  return (
    <Page title={t('vpc.title')} lead={t('vpc.lead')} actions={create}>
      {egress.length > 0 && <Alert variant="light">{t('vpc.egress', { addresses: egress.join(', ') })}</Alert>}
      <DataTable
        caption={t('vpc.title')}
        rows={accesses.data}
        error={accesses.error}
        retry={() => void accesses.refetch()}
        rowKey={(access) => access.VpcAccessId ?? access.Name ?? ''}
        searched={(access) => `${access.Name} ${access.VpcId} ${access.InstanceId}`}
        empty={
          <>
            <Text>{t('vpc.empty')}</Text>
            {create}
          </>
        }
        columns={[
          { title: t('common.name'), cell: (access) => <Text fw={600}>{access.Name}</Text> },
          { title: t('vpc.network'), cell: (access) => access.VpcId },
          { title: t('vpc.target'), cell: (access) => <CopyText value={access.InstanceId ?? ''} /> },
          { title: t('vpc.port'), cell: (access) => access.Port },
          { title: t('vpc.host'), cell: (access) => access.VpcTargetHostName || '–' },
          { title: t('common.created'), cell: (access) => when(access.CreatedTime) },
          {
            title: t('action.more'),
            cell: (access) => (
              <Button size="compact-sm" variant="subtle" color="red" onClick={() => setRemoving(access)}>
                {t('action.delete')}
              </Button>
            ),
          },
        ]}
      />
      <CreateAccess opened={creating} close={() => setCreating(false)} />
      <Confirm
        opened={removing !== null}
        title={t('delete.title', { name: removing?.Name ?? '' })}
        text={t('vpc.deleteText')}
        action={t('action.delete')}
        busy={remove.isPending}
        error={remove.error}
        close={() => setRemoving(null)}
        confirm={() => removing && remove.mutate(removing)}
      />
    </Page>
  );
}

export function CreateAccess({
  opened,
  close,
  made,
}: {
  opened: boolean;
  close: () => void;
  made?: (name: string) => void;
}) {
  const { t } = useTexts();
  const networks = useNetworks();
  const form = useForm({
    initialValues: { name: '', network: '', target: '', port: 80 as number | string, host: '', description: '' },
    validate: {
      name: (value) => (value.trim() ? null : t('error.required')),
      network: (value) => (value.trim() ? null : t('error.required')),
      target: (value) => (value.trim() ? null : t('error.required')),
      port: (value) => (Number(value) >= 1 && Number(value) <= 65535 ? null : t('vpc.portProblem')),
    },
  });
  const save = useSave({
    run: (values: typeof form.values) =>
      call('SetVpcAccess', {
        Name: values.name.trim(),
        VpcId: values.network.trim(),
        InstanceId: values.target.trim(),
        Port: Number(values.port),
        VpcTargetHostName: values.host.trim() || undefined,
        Description: values.description.trim() || undefined,
      }),
    stale: ['accesses', 'networks', 'instances'],
    after: (_, values) => {
      form.reset();
      close();
      made?.(values.name.trim());
    },
  });
  const known = (networks.data ?? []).map((network) => network.NetworkId ?? '').filter(Boolean);
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={t('vpc.create')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <TextInput label={t('vpc.name')} withAsterisk data-autofocus {...form.getInputProps('name')} />
          <Autocomplete
            label={t('vpc.network')}
            description={t('vpc.networkHint')}
            withAsterisk
            data={known}
            {...form.getInputProps('network')}
          />
          <TextInput label={t('vpc.target')} withAsterisk {...form.getInputProps('target')} />
          <NumberInput label={t('vpc.port')} withAsterisk hideControls {...form.getInputProps('port')} />
          <TextInput label={t('vpc.host')} description={t('vpc.hostHint')} {...form.getInputProps('host')} />
          <TextInput label={t('common.description')} {...form.getInputProps('description')} />
          {save.error && <ErrorNotice error={save.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t('action.confirm')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
