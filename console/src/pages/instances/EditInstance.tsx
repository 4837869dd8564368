// Making a dedicated instance, and changing how an instance serves.
import { Select, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { call } from '../../api/client';
import type { Instance } from '../../api/queries';
import { useTexts } from '../../i18n';
import { FormDialog } from '../../parts/FormDialog';
import { useSave } from '../../parts/useSave';

// TLS 1.2 is the oldest that is spoken here.
const POLICIES = ['HTTPS2_TLS1_2', 'HTTPS2_TLS1_3', 'HTTPS1_1_TLS1_2', 'HTTPS1_1_TLS1_3'];
const SPECIFICATIONS: Array<[string, number]> = [
  ['api.s1.small', 2_500],
  ['api.s1.medium', 5_000],
  ['api.s2.large', 10_000],
  ['api.s3.large', 20_000],
  ['api.s4.large', 30_000],
  ['api.s5.large', 40_000],
  ['api.s6.large', 50_000],
];

export function CreateInstance({ close }: { close: () => void }) {
  const { t } = useTexts();
  const form = useForm({
    initialValues: { name: '', spec: 'api.s1.small', policy: 'HTTPS2_TLS1_2' },
    validate: { name: (value) => (value.trim() ? null : t('error.required')) },
  });
  const save = useSave({
    run: (values: typeof form.values) =>
      call('CreateInstance', {
        InstanceName: values.name.trim(),
        InstanceSpec: values.spec,
        HttpsPolicy: values.policy,
        ChargeType: 'POSTPAY',
        PricingCycle: 'Hour',
        ZoneId: 'local',
        Token: crypto.randomUUID(),
      }),
    stale: ['instances'],
    after: close,
  });
  return (
    <FormDialog title={t('instance.create')} form={form} save={save} close={close} action={t('action.create')}>
      <TextInput label={t('common.name')} withAsterisk data-autofocus {...form.getInputProps('name')} />
      <Select
        label={t('instance.spec')}
        description={t('instance.specHint')}
        allowDeselect={false}
        data={SPECIFICATIONS.map(([value, count]) => ({ value, label: `${value} · ${t('instance.rps', { count })}` }))}
        {...form.getInputProps('spec')}
      />
      <Select label={t('instance.policy')} allowDeselect={false} data={POLICIES} {...form.getInputProps('policy')} />
    </FormDialog>
  );
}

export function EditInstance({ instance, close }: { instance: Instance; close: () => void }) {
  const { t } = useTexts();
  const before = { name: instance.InstanceName ?? '', policy: instance.HttpsPolicies ?? '' };
  const form = useForm({
    initialValues: before,
    validate: { name: (value) => (value.trim() ? null : t('error.required')) },
  });
  const save = useSave({
    run: (values: typeof form.values) =>
      call('ModifyInstanceAttribute', {
        InstanceId: instance.InstanceId ?? '',
        InstanceName: values.name.trim() === before.name ? undefined : values.name.trim(),
        HttpsPolicy: values.policy === before.policy ? undefined : values.policy,
      }),
    stale: ['instances'],
    after: close,
  });
  return (
    <FormDialog title={t('wizard.editTitle', { name: before.name })} form={form} save={save} close={close}>
      <TextInput label={t('common.name')} withAsterisk data-autofocus {...form.getInputProps('name')} />
      <Select
        label={t('instance.policy')}
        description={t('instance.policyHint')}
        allowDeselect={false}
        data={[...new Set([before.policy, ...POLICIES])]}
        {...form.getInputProps('policy')}
      />
    </FormDialog>
  );
}
