// Who may sign in, and as what.
import { Badge, Button, Group, Modal, PasswordInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call, callAll } from '../api/client';
import { when } from '../api/queries';
import { useTexts } from '../i18n';
import { Confirm } from '../parts/Confirm';
import { DataTable } from '../parts/DataTable';
import { ErrorNotice } from '../parts/ErrorNotice';
import { Page } from '../parts/Page';
import { useSave } from '../parts/useSave';

const ROLES = ['owner', 'publisher', 'developer', 'viewer', 'caller'] as const;

export function Users() {
  const { t } = useTexts();
  const users = useQuery({
    queryKey: ['users'],
    queryFn: () => callAll('DescribeUsers', {}, (answer) => answer.Users),
  });
  const [creating, setCreating] = useState(false);
  const [removing, setRemoving] = useState<string | null>(null);
  const change = useSave({
    run: ({ name, disabled, role }: { name: string; disabled?: boolean; role?: string }) =>
      call('ModifyUser', { UserName: name, Disabled: disabled, Role: role }),
    stale: ['users'],
  });
  const remove = useSave({
    run: (name: string) => call('DeleteUser', { UserName: name }),
    stale: ['users'],
    after: () => setRemoving(null),
  });
  const roles = ROLES.map((role) => ({ value: role, label: t(`role.${role}`) }));
  return (
    <Page
      title={t('user.title')}
      lead={t('user.lead')}
      actions={
        <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
          {t('user.create')}
        </Button>
      }
    >
      {change.error && <ErrorNotice error={change.error} />}
      <DataTable
        caption={t('user.title')}
        rows={users.data}
        error={users.error}
        retry={() => void users.refetch()}
        rowKey={(user) => user.UserId ?? ''}
        searched={(user) => `${user.UserName} ${user.Role}`}
        empty={<Text>–</Text>}
        columns={[
          {
            title: t('sign.user'),
            value: (user) => user.UserName,
            cell: (user) => <Text fw={600}>{user.UserName}</Text>,
          },
          {
            title: t('user.role'),
            cell: (user) => (
              <Select
                aria-label={`${t('user.role')} ${user.UserName}`}
                data={roles}
                value={user.Role}
                allowDeselect={false}
                w={260}
                onChange={(role) => role && change.mutate({ name: user.UserName ?? '', role })}
              />
            ),
          },
          {
            title: t('history.status'),
            cell: (user) => (
              <Badge color={user.Disabled ? 'gray.8' : 'teal.9'} tt="none">
                {t(user.Disabled ? 'user.disabled' : 'user.active')}
              </Badge>
            ),
          },
          {
            title: t('common.created'),
            id: 'created',
            value: (user) => user.CreatedTime,
            cell: (user) => when(user.CreatedTime),
          },
          {
            title: t('action.more'),
            cell: (user) => (
              <Group gap={4}>
                <Button
                  size="compact-sm"
                  variant="subtle"
                  onClick={() => change.mutate({ name: user.UserName ?? '', disabled: !user.Disabled })}
                >
                  {t(user.Disabled ? 'user.enable' : 'user.disable')}
                </Button>
                <Button size="compact-sm" variant="subtle" color="red" onClick={() => setRemoving(user.UserName ?? '')}>
                  {t('action.delete')}
                </Button>
              </Group>
            ),
          },
        ]}
      />
      <CreateUser opened={creating} close={() => setCreating(false)} roles={roles} />
      <Confirm
        opened={removing !== null}
        title={t('delete.title', { name: removing ?? '' })}
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

function CreateUser({
  opened,
  close,
  roles,
}: {
  opened: boolean;
  close: () => void;
  roles: Array<{ value: string; label: string }>;
}) {
  const { t } = useTexts();
  const form = useForm({
    initialValues: { name: '', role: 'viewer', password: '' },
    validate: {
      name: (value) => (value.trim() ? null : t('error.required')),
      password: (value) => (value.length >= 12 ? null : t('welcome.passwordHint')),
    },
  });
  const save = useSave({
    run: (values: typeof form.values) =>
      call('CreateUser', { UserName: values.name.trim(), Role: values.role, Password: values.password }),
    stale: ['users'],
    after: () => {
      form.reset();
      close();
    },
  });
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={t('user.create')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <TextInput
            label={t('sign.user')}
            withAsterisk
            data-autofocus
            autoComplete="off"
            {...form.getInputProps('name')}
          />
          <Select label={t('user.role')} data={roles} allowDeselect={false} {...form.getInputProps('role')} />
          <PasswordInput
            label={t('sign.password')}
            description={t('welcome.passwordHint')}
            withAsterisk
            autoComplete="new-password"
            visibilityToggleButtonProps={{ 'aria-label': t('action.show') }}
            {...form.getInputProps('password')}
          />
          {save.error && <ErrorNotice error={save.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t('action.create')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
