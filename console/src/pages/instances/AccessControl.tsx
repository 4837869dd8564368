// Which addresses may reach an instance: its access lists, one for each version of IP.
import { Anchor, Badge, Button, Group, Radio, Select, Stack, Text, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../../api/client';
import type { Instance } from '../../api/queries';
import { useTexts } from '../../i18n';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { FormDialog } from '../../parts/FormDialog';
import { useSave } from '../../parts/useSave';
import { useAccessLists } from './AccessLists';

export function AccessControl({ instance }: { instance: Instance }) {
  const { t } = useTexts();
  const [enabling, setEnabling] = useState(false);
  const applied = [
    { id: instance.AclId, name: instance.AclName, type: instance.AclType, version: 'ipv4' },
    { id: instance.IPV6AclId, name: instance.IPV6AclName, type: instance.IPV6AclType, version: 'ipv6' },
  ].filter((one) => one.id);
  const disable = useSave({
    run: (one: { id?: string; version: string }) =>
      call('DisableInstanceAccessControl', {
        InstanceId: instance.InstanceId ?? '',
        AclId: one.id ?? '',
        AddressIPVersion: one.version,
      }),
    stale: ['instances'],
  });
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Title order={3} size="h5">
          {t('access.control')}
        </Title>
        <Button variant="default" size="xs" onClick={() => setEnabling(true)}>
          {t('access.enable')}
        </Button>
      </Group>
      {applied.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('access.open')}
        </Text>
      )}
      {applied.map((one) => (
        <Group key={one.version} gap="xs">
          <Badge color={one.type === 'white' ? 'teal.9' : 'gray.8'} tt="none">
            {t(one.type === 'white' ? 'access.white' : 'access.black')}
          </Badge>
          <Anchor renderRoot={(props) => <Link {...props} to="/access-lists" />}>{one.name}</Anchor>
          <Text size="sm" c="dimmed">
            {one.version}
          </Text>
          <Button size="compact-sm" variant="subtle" color="red" onClick={() => disable.mutate(one)}>
            {t('access.disable')}
          </Button>
        </Group>
      ))}
      {disable.error ? <ErrorNotice error={disable.error} /> : null}
      {enabling && <Enable instance={instance} close={() => setEnabling(false)} />}
    </Stack>
  );
}

function Enable({ instance, close }: { instance: Instance; close: () => void }) {
  const { t } = useTexts();
  const lists = useAccessLists();
  const form = useForm({
    initialValues: { list: '', type: 'white' },
    validate: { list: (value) => (value ? null : t('error.required')) },
  });
  const save = useSave({
    run: (values: typeof form.values) =>
      call('EnableInstanceAccessControl', {
        InstanceId: instance.InstanceId ?? '',
        AclId: values.list,
        AclType: values.type,
        AddressIPVersion: lists.data?.find((one) => one.AclId === values.list)?.AddressIPVersion,
      }),
    stale: ['instances'],
    after: close,
  });
  return (
    <FormDialog title={t('access.enable')} form={form} save={save} close={close}>
      <Select
        label={t('access.list')}
        description={lists.data?.length === 0 ? t('access.empty') : undefined}
        withAsterisk
        data={(lists.data ?? []).map((one) => ({
          value: one.AclId ?? '',
          label: `${one.AclName} (${one.AddressIPVersion})`,
        }))}
        {...form.getInputProps('list')}
      />
      <Radio.Group label={t('access.type')} {...form.getInputProps('type')}>
        <Stack gap={6} mt={6}>
          <Radio value="white" label={t('access.white')} description={t('access.whiteHint')} />
          <Radio value="black" label={t('access.black')} description={t('access.blackHint')} />
        </Stack>
      </Radio.Group>
    </FormDialog>
  );
}
