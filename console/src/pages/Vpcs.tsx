// VPC accesses: what the gateway may reach.
import { Alert, Autocomplete, Button, NumberInput, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { call } from '../api/client';
import { egressOf, useAccesses, useInstances, useNetworks, when } from '../api/queries';
import { useTexts } from '../i18n';
import { CopyText } from '../parts/CopyText';
import { FormDialog } from '../parts/FormDialog';
import { ResourcePage } from '../parts/Resource';
import { useSave } from '../parts/useSave';
import { TestAccess } from './networks/TestAccess';

export function Vpcs() {
  const { t } = useTexts();
  const accesses = useAccesses();
  const egress = egressOf(useInstances().data);
  const [tested, setTested] = useState<string | null>(null);
  return (
    <ResourcePage
      title={t('vpc.title')}
      lead={t('vpc.lead')}
      list={accesses}
      rowKey={(access) => access.VpcAccessId ?? access.Name ?? ''}
      searched={(access) => `${access.Name} ${access.VpcId} ${access.InstanceId}`}
      empty={t('vpc.empty')}
      create={{ label: t('vpc.create'), form: (close) => <CreateAccess close={close} /> }}
      actions={(access) => (
        <Button size="compact-sm" variant="subtle" onClick={() => setTested(access.Name ?? '')}>
          {t('access.test')}
        </Button>
      )}
      remove={{
        name: (access) => access.Name ?? '',
        text: t('vpc.deleteText'),
        run: (access) =>
          call('RemoveVpcAccess', {
            VpcId: access.VpcId ?? '',
            InstanceId: access.InstanceId ?? '',
            Port: access.Port ?? 0,
          }),
        stale: ['accesses', 'networks'],
      }}
      columns={[
        { title: t('common.name'), cell: (access) => <Text fw={600}>{access.Name}</Text> },
        { title: t('vpc.network'), cell: (access) => access.VpcId },
        { title: t('vpc.target'), cell: (access) => <CopyText value={access.InstanceId ?? ''} /> },
        { title: t('vpc.port'), cell: (access) => access.Port },
        { title: t('vpc.host'), cell: (access) => access.VpcTargetHostName || '–' },
        { title: t('common.created'), cell: (access) => when(access.CreatedTime) },
      ]}
    >
      {egress.length > 0 && (
        <Alert variant="light" role="note">
          {t('vpc.egress', { addresses: egress.join(', ') })}
        </Alert>
      )}
      {tested !== null && <TestAccess name={tested} close={() => setTested(null)} />}
    </ResourcePage>
  );
}

export function CreateAccess({ close, made }: { close: () => void; made?: (name: string) => void }) {
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
      close();
      made?.(values.name.trim());
    },
  });
  const known = (networks.data ?? []).map((network) => network.NetworkId ?? '').filter(Boolean);
  return (
    <FormDialog title={t('vpc.create')} form={form} save={save} close={close}>
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
    </FormDialog>
  );
}
