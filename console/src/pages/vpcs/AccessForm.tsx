// The form of a VPC access: one target, or several with weights, a way of balancing and a health check.
import {
  Alert,
  Autocomplete,
  Checkbox,
  Collapse,
  Group,
  NumberInput,
  Select,
  Stack,
  Switch,
  TextInput,
} from '@mantine/core';
import { type UseFormReturnType, useForm } from '@mantine/form';
import { call } from '../../api/client';
import { type Access, useNetworks } from '../../api/queries';
import { useTexts } from '../../i18n';
import { FormDialog } from '../../parts/FormDialog';
import { Rows } from '../../parts/Rows';
import { useSave } from '../../parts/useSave';
import { type AccessForm, readAccess, writeAccess } from './access';

const STALE = ['accesses', 'networks', 'instances'];
const BALANCES = ['ROUND_ROBIN', 'LEAST_REQUESTS', 'CLIENT_ADDRESS', 'HEADER'] as const;

export function CreateAccess({ close, made }: { close: () => void; made?: (name: string) => void }) {
  const { t } = useTexts();
  const before = readAccess(undefined);
  const form = useAccessForm(before);
  const save = useSave({
    run: (values: AccessForm) => call('SetVpcAccess', writeAccess(values, before)),
    stale: STALE,
    after: (_, values) => {
      close();
      made?.(values.name.trim());
    },
  });
  return (
    <FormDialog title={t('vpc.create')} form={form} save={save} close={close} size="xl">
      <Fields form={form} isNew />
    </FormDialog>
  );
}

export function EditAccess({ access, close }: { access: Access; close: () => void }) {
  const { t } = useTexts();
  const before = readAccess(access);
  const form = useAccessForm(before);
  const save = useSave({
    run: (values: AccessForm) => {
      const { Description: _, ...params } = writeAccess(values, before);
      return call('ModifyVpcAccessAndUpdateApis', params);
    },
    stale: STALE,
    after: close,
  });
  return (
    <FormDialog
      title={t('wizard.editTitle', { name: access.Name ?? '' })}
      form={form}
      save={save}
      close={close}
      size="xl"
      fresh={async () => {
        const answer = await call('DescribeVpcAccesses', { Name: access.Name, AccurateQuery: true });
        return readAccess(answer.VpcAccessAttributes?.VpcAccessAttribute?.[0]);
      }}
    >
      <Alert color="yellow" variant="light" role="note">
        {t('targets.atOnce')}
      </Alert>
      <Fields form={form} />
    </FormDialog>
  );
}

function useAccessForm(initialValues: AccessForm) {
  const { t } = useTexts();
  return useForm<AccessForm>({
    initialValues,
    validate: {
      name: (value) => (value.trim() ? null : t('error.required')),
      network: (value) => (value.trim() ? null : t('error.required')),
      target: (value) => (value.trim() ? null : t('error.required')),
      port: (value) => (Number(value) >= 1 && Number(value) <= 65535 ? null : t('vpc.portProblem')),
      balanceHeader: (value, values) => (values.balance !== 'HEADER' || value.trim() ? null : t('error.required')),
    },
  });
}

type Form = UseFormReturnType<AccessForm>;

function Fields({ form, isNew }: { form: Form; isNew?: boolean }) {
  const { t } = useTexts();
  const networks = useNetworks();
  const known = (networks.data ?? []).map((network) => network.NetworkId ?? '').filter(Boolean);
  return (
    <>
      <TextInput
        label={t('vpc.name')}
        withAsterisk
        data-autofocus={isNew}
        disabled={!isNew}
        {...form.getInputProps('name')}
      />
      <Autocomplete
        label={t('vpc.network')}
        description={t('vpc.networkHint')}
        withAsterisk
        data={known}
        {...form.getInputProps('network')}
      />
      <Group grow align="flex-start">
        <TextInput label={t('vpc.target')} withAsterisk {...form.getInputProps('target')} />
        <NumberInput label={t('vpc.port')} withAsterisk hideControls {...form.getInputProps('port')} />
      </Group>
      <TextInput label={t('vpc.host')} description={t('vpc.hostHint')} {...form.getInputProps('host')} />
      {isNew && <TextInput label={t('common.description')} {...form.getInputProps('description')} />}
      <More form={form} />
    </>
  );
}

function More({ form }: { form: Form }) {
  const { t } = useTexts();
  const { targets, balance, checked, weight } = form.values;
  const isMany = targets.length > 0;
  return (
    <Stack gap="md">
      <Rows
        title={t('targets.title')}
        hint={t('targets.hint')}
        rows={targets}
        cells={[
          { field: 'InstanceId', label: t('vpc.target') },
          { field: 'Port', label: t('vpc.port'), isNumber: true, width: 110, placeholder: String(form.values.port) },
          { field: 'Weight', label: t('targets.weight'), isNumber: true, width: 110, placeholder: '1' },
        ]}
        fresh={{ InstanceId: '' }}
        change={(rows) => form.setFieldValue('targets', rows)}
      />
      {(isMany || balance !== '' || weight !== '') && (
        <Group grow align="flex-start">
          <NumberInput
            label={t('targets.ownWeight')}
            hideControls
            min={0}
            max={100}
            placeholder="1"
            {...form.getInputProps('weight')}
          />
          <Select
            label={t('targets.balance')}
            allowDeselect={false}
            data={BALANCES.map((one) => ({ value: one, label: t(`targets.${one}`) }))}
            value={balance || 'ROUND_ROBIN'}
            onChange={(value) => form.setFieldValue('balance', value ?? '')}
          />
          {balance === 'HEADER' && (
            <TextInput label={t('targets.header')} withAsterisk {...form.getInputProps('balanceHeader')} />
          )}
        </Group>
      )}
      <Switch label={t('health.on')} {...form.getInputProps('checked', { type: 'checkbox' })} />
      <Collapse expanded={checked}>
        <Health form={form} />
      </Collapse>
      <Checkbox label={t('kind.verify')} {...form.getInputProps('verify', { type: 'checkbox' })} />
    </Stack>
  );
}

function Health({ form }: { form: Form }) {
  const { t } = useTexts();
  const { health } = form.values;
  const type = String(health.Type ?? 'HTTP').toUpperCase();
  const set = (name: string, value: unknown) => {
    const { [name]: _old, ...others } = health;
    form.setFieldValue('health', value === '' ? others : { ...health, [name]: value });
  };
  const number = (name: string, label: string, placeholder: string) => (
    <NumberInput
      label={label}
      hideControls
      placeholder={placeholder}
      value={(health[name] as number | undefined) ?? ''}
      onChange={(value) => set(name, value === '' ? '' : Number(value))}
    />
  );
  return (
    <Stack gap="sm">
      <Group grow align="flex-start">
        <Select
          label={t('wizard.type')}
          allowDeselect={false}
          data={['TCP', 'HTTP', 'HTTPS']}
          value={type}
          onChange={(value) => set('Type', value)}
        />
        {type !== 'TCP' && (
          <>
            <TextInput
              label={t('api.path')}
              value={String(health.Path ?? '')}
              placeholder="/"
              onChange={(event) => set('Path', event.currentTarget.value)}
            />
            <TextInput
              label={t('health.status')}
              value={String(health.Status ?? '')}
              placeholder="200-399"
              onChange={(event) => set('Status', event.currentTarget.value)}
            />
          </>
        )}
      </Group>
      <Group grow align="flex-start">
        {number('Interval', t('health.interval'), '5000')}
        {number('Timeout', t('health.timeout'), '2000')}
        {number('UnhealthyThreshold', t('health.unhealthy'), '3')}
        {number('HealthyThreshold', t('health.healthy'), '2')}
      </Group>
      <Select
        label={t('health.allDown')}
        allowDeselect={false}
        data={(['SERVE', 'REFUSE'] as const).map((value) => ({ value, label: t(`health.${value}`) }))}
        value={form.values.whenAllDown || 'SERVE'}
        onChange={(value) => form.setFieldValue('whenAllDown', value ?? '')}
      />
    </Stack>
  );
}
