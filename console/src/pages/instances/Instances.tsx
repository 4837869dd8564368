// Instances: how each serves, who may reach it, and the addresses that backends see.
import { Badge, Button, Card, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { call } from '../../api/client';
import { type Instance, useInstances, when } from '../../api/queries';
import { useTexts } from '../../i18n';
import { Confirm } from '../../parts/Confirm';
import { CopyText } from '../../parts/CopyText';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { Facts } from '../../parts/Facts';
import { Page } from '../../parts/Page';
import { useSave } from '../../parts/useSave';
import { AccessControl } from './AccessControl';
import { CreateInstance, EditInstance } from './EditInstance';
import { Egress } from './Egress';

export const Instances = () => <InstanceList isDedicated={false} />;
export const DedicatedInstances = () => <InstanceList isDedicated />;

function InstanceList({ isDedicated }: { isDedicated: boolean }) {
  const { t } = useTexts();
  const instances = useInstances();
  const [creating, setCreating] = useState(false);
  const title = t(isDedicated ? 'nav.dedicated' : 'instance.title');
  const shown = instances.data?.filter((one) => (one.InstanceType ?? '').includes('DEDICATED') === isDedicated);
  const create = isDedicated && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
      {t('instance.create')}
    </Button>
  );
  return (
    <Page title={title} lead={t('instance.lead')} actions={create}>
      {instances.error ? <ErrorNotice error={instances.error} retry={() => void instances.refetch()} /> : null}
      {instances.isPending && <Skeleton height={220} aria-label={t('common.loading')} />}
      {shown?.length === 0 && (
        <Card withBorder p="xl">
          <Stack align="center">
            <Text>{t('instance.noDedicated')}</Text>
            {create}
          </Stack>
        </Card>
      )}
      {shown?.map((instance) => (
        <InstanceCard key={instance.InstanceId} instance={instance} isDedicated={isDedicated} />
      ))}
      {creating && <CreateInstance close={() => setCreating(false)} />}
    </Page>
  );
}

function InstanceCard({ instance, isDedicated }: { instance: Instance; isDedicated: boolean }) {
  const { t } = useTexts();
  const [open, setOpen] = useState<'edit' | 'remove' | null>(null);
  const close = () => setOpen(null);
  const remove = useSave({
    run: () => call('DeleteInstance', { InstanceId: instance.InstanceId ?? '' }),
    stale: ['instances'],
    after: close,
  });
  const name = instance.InstanceName || (instance.InstanceId ?? '');
  return (
    <Card withBorder p="lg">
      <Stack>
        <Group justify="space-between">
          <Group>
            <Title order={2} size="h4">
              {name}
            </Title>
            <Badge color="teal.9" tt="none">
              {instance.Status}
            </Badge>
          </Group>
          <Group gap="xs">
            <Button variant="default" size="xs" onClick={() => setOpen('edit')}>
              {t('action.edit')}
            </Button>
            {isDedicated && (
              <Button variant="default" size="xs" c="red" onClick={() => setOpen('remove')}>
                {t('action.delete')}
              </Button>
            )}
          </Group>
        </Group>
        <Facts
          rows={[
            [t('common.id'), <CopyText key="id" value={instance.InstanceId ?? ''} />],
            [t('instance.type'), instance.InstanceType],
            [t('top.region'), instance.RegionId],
            [t('instance.policy'), instance.HttpsPolicies],
            ...(isDedicated
              ? ([
                  [
                    t('instance.spec'),
                    `${instance.InstanceSpec} · ${t('instance.rps', { count: instance.InstanceRpsLimit ?? 0 })}`,
                  ],
                  [t('common.created'), when(instance.CreatedTime)],
                ] as Array<[string, string]>)
              : []),
          ]}
        />
        <AccessControl instance={instance} />
        <Egress instance={instance} />
      </Stack>
      {open === 'edit' && <EditInstance instance={instance} close={close} />}
      <Confirm
        opened={open === 'remove'}
        title={t('delete.title', { name })}
        text={t('instance.deleteText')}
        called={{ name, by: { InstanceId: instance.InstanceId } }}
        action={t('action.delete')}
        busy={remove.isPending}
        error={remove.error}
        close={close}
        confirm={() => remove.mutate(undefined)}
      />
    </Card>
  );
}
