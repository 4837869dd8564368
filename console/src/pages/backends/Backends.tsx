// Backends under a name, which APIs refer to; where each leads is its models' business.
import { Anchor, Badge, Select, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { call, callAll } from '../../api/client';
import { when } from '../../api/queries';
import { useTexts } from '../../i18n';
import { FormDialog } from '../../parts/FormDialog';
import { ResourcePage } from '../../parts/Resource';
import { useSave } from '../../parts/useSave';

const TYPES = [
  'HTTP',
  'VPC',
  'MOCK',
  'FC_HTTP_V3',
  'FC_EVENT_V3',
  'FC_HTTP',
  'FC_EVENT',
  'DISCOVERY',
  'OSS',
  'EVENTBRIDGE',
];

export function Backends() {
  const { t } = useTexts();
  const backends = useQuery({
    queryKey: ['backends'],
    queryFn: () => callAll('DescribeBackendList', {}, (answer) => answer.BackendInfoList),
  });
  return (
    <ResourcePage
      title={t('backend.title')}
      lead={t('backend.lead')}
      list={backends}
      rowKey={(backend) => backend.BackendId ?? ''}
      searched={(backend) => `${backend.BackendName} ${backend.BackendType} ${backend.BackendId}`}
      empty={t('backend.empty')}
      create={{ label: t('backend.create'), form: (close) => <CreateBackend close={close} /> }}
      remove={{
        name: (backend) => backend.BackendName ?? '',
        text: t('delete.text'),
        run: (backend) => call('DeleteBackend', { BackendId: backend.BackendId ?? '' }),
        stale: ['backends'],
      }}
      columns={[
        {
          title: t('common.name'),
          value: (backend) => backend.BackendName,
          cell: (backend) => (
            <Anchor
              fw={600}
              renderRoot={(props) => (
                <Link {...props} to="/backends/$backendId" params={{ backendId: backend.BackendId ?? '' }} />
              )}
            >
              {backend.BackendName}
            </Anchor>
          ),
        },
        {
          title: t('wizard.type'),
          value: (backend) => backend.BackendType,
          cell: (backend) => (
            <Badge variant="default" tt="none">
              {backend.BackendType}
            </Badge>
          ),
        },
        { title: t('common.description'), cell: (backend) => backend.Description || '–' },
        {
          title: t('common.modified'),
          id: 'modified',
          value: (backend) => backend.ModifiedTime,
          cell: (backend) => when(backend.ModifiedTime),
        },
      ]}
    />
  );
}

function CreateBackend({ close }: { close: () => void }) {
  const { t } = useTexts();
  const navigate = useNavigate();
  const form = useForm({
    initialValues: { name: '', type: 'HTTP', description: '' },
    validate: { name: (value) => (value.trim() ? null : t('error.required')) },
  });
  const save = useSave({
    run: (values: typeof form.values) =>
      call('CreateBackend', {
        BackendName: values.name.trim(),
        BackendType: values.type,
        Description: values.description,
      }),
    stale: ['backends'],
    after: (answer) => {
      close();
      void navigate({ to: '/backends/$backendId', params: { backendId: answer.BackendId ?? '' } });
    },
  });
  return (
    <FormDialog title={t('backend.create')} form={form} save={save} close={close}>
      <TextInput label={t('common.name')} withAsterisk data-autofocus {...form.getInputProps('name')} />
      <Select label={t('wizard.type')} allowDeselect={false} data={TYPES} {...form.getInputProps('type')} />
      <Textarea label={t('common.description')} autosize minRows={2} {...form.getInputProps('description')} />
    </FormDialog>
  );
}
