// API groups.
import { Anchor, Button, Modal, Group as Row, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconPlus } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../api/client';
import { type Group, useGroups, when } from '../api/queries';
import { useTexts } from '../i18n';
import { Confirm } from '../parts/Confirm';
import { CopyText } from '../parts/CopyText';
import { DataTable } from '../parts/DataTable';
import { ErrorNotice } from '../parts/ErrorNotice';
import { Page } from '../parts/Page';
import { useSave } from '../parts/useSave';

export function Groups() {
  const { t } = useTexts();
  const groups = useGroups();
  const [creating, setCreating] = useState(false);
  const [removing, setRemoving] = useState<Group | null>(null);
  const create = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
      {t('group.create')}
    </Button>
  );
  const remove = useSave({
    run: (group: Group) => call('DeleteApiGroup', { GroupId: group.GroupId ?? '' }),
    stale: ['groups', 'apis'],
    after: () => setRemoving(null),
  });
  return (
    <Page title={t('group.title')} lead={t('group.lead')} actions={create}>
      <DataTable
        caption={t('group.title')}
        rows={groups.data}
        error={groups.error}
        retry={() => void groups.refetch()}
        rowKey={(group) => group.GroupId ?? ''}
        searched={(group) => `${group.GroupName} ${group.GroupId} ${group.SubDomain} ${group.BasePath}`}
        empty={
          <>
            <Text>{t('group.empty')}</Text>
            {create}
          </>
        }
        columns={[
          {
            title: t('group.name'),
            cell: (group) => (
              <Anchor
                fw={600}
                renderRoot={(props) => (
                  <Link {...props} to="/groups/$groupId" params={{ groupId: group.GroupId ?? '' }} />
                )}
              >
                {group.GroupName}
              </Anchor>
            ),
          },
          { title: t('group.basePath'), cell: (group) => group.BasePath },
          { title: t('group.domain'), cell: (group) => <CopyText value={group.SubDomain ?? ''} /> },
          { title: t('group.instance'), cell: (group) => group.InstanceId },
          { title: t('common.modified'), cell: (group) => when(group.ModifiedTime) },
          {
            title: t('action.more'),
            cell: (group) => (
              <Button size="compact-sm" variant="subtle" color="red" onClick={() => setRemoving(group)}>
                {t('action.delete')}
              </Button>
            ),
          },
        ]}
      />
      <EditGroup opened={creating} close={() => setCreating(false)} />
      <Confirm
        opened={removing !== null}
        title={t('delete.title', { name: removing?.GroupName ?? '' })}
        text={t('delete.text')}
        action={t('action.delete')}
        busy={remove.isPending}
        error={remove.error}
        close={() => setRemoving(null)}
        confirm={() => removing && remove.mutate(removing)}
      />
    </Page>
  );
}

interface EditProps {
  opened: boolean;
  close: () => void;
  group?: { GroupId?: string; GroupName?: string; BasePath?: string; Description?: string };
}

export function EditGroup({ opened, close, group }: EditProps) {
  const { t } = useTexts();
  const form = useForm({
    initialValues: {
      name: group?.GroupName ?? '',
      basePath: group?.BasePath ?? '/',
      description: group?.Description ?? '',
    },
    validate: {
      name: (value) => (value.trim() ? null : t('error.required')),
      basePath: (value) => (value.startsWith('/') ? null : t('wizard.pathProblem')),
    },
  });
  const save = useSave({
    run: async (values: typeof form.values) => {
      const params = {
        GroupName: values.name.trim(),
        BasePath: values.basePath.trim(),
        Description: values.description,
      };
      if (group?.GroupId) await call('ModifyApiGroup', { GroupId: group.GroupId, ...params });
      else await call('CreateApiGroup', params);
    },
    stale: ['groups'],
    after: () => {
      if (!group) form.reset();
      close();
    },
  });
  const title = group ? t('wizard.editTitle', { name: group.GroupName ?? '' }) : t('group.create');
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={title}
      size="lg"
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <TextInput label={t('group.name')} withAsterisk data-autofocus {...form.getInputProps('name')} />
          <TextInput
            label={t('group.basePath')}
            description={t('group.basePathHint')}
            withAsterisk
            {...form.getInputProps('basePath')}
          />
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
