// Apps: the callers' identities.
import { Anchor, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Link, useNavigate } from '@tanstack/react-router';
import { call } from '../../api/client';
import { useApps, when } from '../../api/queries';
import { useTexts } from '../../i18n';
import { FormDialog } from '../../parts/FormDialog';
import { ResourcePage } from '../../parts/Resource';
import { useSave } from '../../parts/useSave';

export function Apps() {
  const { t } = useTexts();
  const apps = useApps();
  return (
    <ResourcePage
      title={t('app.list')}
      lead={t('app.lead')}
      list={apps}
      rowKey={(app) => String(app.AppId)}
      searched={(app) => `${app.AppName} ${app.AppId} ${app.Description}`}
      empty={t('app.empty')}
      create={{ label: t('app.create'), form: (close) => <CreateApp close={close} /> }}
      remove={{
        name: (app) => app.AppName ?? '',
        called: (app) => ({ AppId: app.AppId ?? 0 }),
        text: t('authorize.revokeText'),
        run: (app) => call('DeleteApp', { AppId: app.AppId ?? 0 }),
        stale: ['apps', 'grants'],
      }}
      columns={[
        {
          title: t('app.name'),
          value: (app) => app.AppName,
          cell: (app) => (
            <Anchor
              fw={600}
              renderRoot={(props) => <Link {...props} to="/apps/$appId" params={{ appId: String(app.AppId) }} />}
            >
              {app.AppName}
            </Anchor>
          ),
        },
        { title: t('common.id'), cell: (app) => app.AppId },
        { title: t('common.description'), cell: (app) => app.Description || '–' },
        {
          title: t('common.modified'),
          id: 'modified',
          value: (app) => app.ModifiedTime,
          cell: (app) => when(app.ModifiedTime),
        },
      ]}
    />
  );
}

function CreateApp({ close }: { close: () => void }) {
  const { t } = useTexts();
  const navigate = useNavigate();
  const form = useForm({
    initialValues: { name: '', description: '' },
    validate: { name: (value) => (value.trim() ? null : t('error.required')) },
  });
  const save = useSave({
    run: (values: typeof form.values) =>
      call('CreateApp', { AppName: values.name.trim(), Description: values.description }),
    stale: ['apps'],
    after: (answer) => {
      close();
      void navigate({ to: '/apps/$appId', params: { appId: String(answer.AppId) } });
    },
  });
  return (
    <FormDialog title={t('app.create')} form={form} save={save} close={close}>
      <TextInput label={t('app.name')} withAsterisk data-autofocus {...form.getInputProps('name')} />
      <Textarea label={t('common.description')} autosize minRows={2} {...form.getInputProps('description')} />
    </FormDialog>
  );
}
