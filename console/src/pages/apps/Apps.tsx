// Apps: the callers' identities.
import { Anchor, Button, Modal, Group as Row, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconPlus } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../../api/client';
import { type App, useApps, when } from '../../api/queries';
import { useTexts } from '../../i18n';
import { Confirm } from '../../parts/Confirm';
import { DataTable } from '../../parts/DataTable';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { Page } from '../../parts/Page';
import { useSave } from '../../parts/useSave';

export function Apps() {
  const { t } = useTexts();
  const apps = useApps();
  const [creating, setCreating] = useState(false);
  const [removing, setRemoving] = useState<App | null>(null);
  const create = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
      {t('app.create')}
    </Button>
  );
  const remove = useSave({
    run: (app: App) => call('DeleteApp', { AppId: app.AppId ?? 0 }),
    stale: ['apps', 'grants'],
    after: () => setRemoving(null),
  });
  return (
    <Page title={t('app.list')} lead={t('app.lead')} actions={create}>
      <DataTable
        caption={t('app.list')}
        rows={apps.data}
        error={apps.error}
        retry={() => void apps.refetch()}
        rowKey={(app) => String(app.AppId)}
        searched={(app) => `${app.AppName} ${app.AppId} ${app.Description}`}
        empty={
          <>
            <Text>{t('app.empty')}</Text>
            {create}
          </>
        }
        columns={[
          {
            title: t('app.name'),
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
          { title: t('common.modified'), cell: (app) => when(app.ModifiedTime) },
          {
            title: t('action.more'),
            cell: (app) => (
              <Button size="compact-sm" variant="subtle" color="red" onClick={() => setRemoving(app)}>
                {t('action.delete')}
              </Button>
            ),
          },
        ]}
      />
      <CreateApp opened={creating} close={() => setCreating(false)} />
      <Confirm
        opened={removing !== null}
        title={t('delete.title', { name: removing?.AppName ?? '' })}
        text={t('authorize.revokeText')}
        action={t('action.delete')}
        busy={remove.isPending}
        error={remove.error}
        close={() => setRemoving(null)}
        confirm={() => removing && remove.mutate(removing)}
      />
    </Page>
  );
}

function CreateApp({ opened, close }: { opened: boolean; close: () => void }) {
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
      form.reset();
      close();
      void navigate({ to: '/apps/$appId', params: { appId: String(answer.AppId) } });
    },
  });
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={t('app.create')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <TextInput label={t('app.name')} withAsterisk data-autofocus {...form.getInputProps('name')} />
          <Textarea label={t('common.description')} autosize minRows={2} {...form.getInputProps('description')} />
          {save.error && <ErrorNotice error={save.error} />}
          <Row justify="flex-end">
            <Button variant="default" onClick={close}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t('action.confirm')}
            </Button>
          </Row>
        </Stack>
      </form>
    </Modal>
  );
}
