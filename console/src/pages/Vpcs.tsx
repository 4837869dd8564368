// VPC accesses: what the gateway may reach.
import { Alert, Badge, Button, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { call } from '../api/client';
import { type Access, egressOf, useAccesses, useInstances, when } from '../api/queries';
import { useTexts } from '../i18n';
import { CopyText } from '../parts/CopyText';
import { ResourcePage } from '../parts/Resource';
import { TestAccess } from './networks/TestAccess';
import { CreateAccess, EditAccess } from './vpcs/AccessForm';

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
      edit={(access, close) => <EditAccess access={access} close={close} />}
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
        {
          title: t('common.name'),
          value: (access) => access.Name,
          cell: (access) => <Text fw={600}>{access.Name}</Text>,
        },
        { title: t('vpc.network'), cell: (access) => access.VpcId },
        { title: t('vpc.target'), value: (access) => access.InstanceId, cell: (access) => <Targets access={access} /> },
        { title: t('vpc.port'), cell: (access) => access.Port },
        { title: t('vpc.host'), cell: (access) => access.VpcTargetHostName || '–' },
        {
          title: t('common.created'),
          id: 'created',
          value: (access) => access.CreatedTime,
          cell: (access) => when(access.CreatedTime),
        },
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

function Targets({ access }: { access: Access }) {
  const { t } = useTexts();
  const more = access.Targets?.length ?? 0;
  return (
    <Stack gap={2}>
      <CopyText value={access.InstanceId ?? ''} />
      {more > 0 && (
        <Badge variant="default" tt="none" size="sm">
          {t('targets.more', { count: more })}
        </Badge>
      )}
    </Stack>
  );
}
