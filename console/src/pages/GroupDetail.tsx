// One group: what it is, its APIs, its domains.
import { Anchor, Button, Card, Skeleton, Stack, Table, Text, Title } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { useGroup, when } from '../api/queries';
import { useTexts } from '../i18n';
import { CopyText } from '../parts/CopyText';
import { ErrorNotice } from '../parts/ErrorNotice';
import { Page } from '../parts/Page';
import { ApiTable } from './apis/ApiTable';
import { EditGroup } from './Groups';
import { ImportApis } from './ImportApis';

export function GroupDetail() {
  const { t } = useTexts();
  const { groupId } = useParams({ from: '/inside/groups/$groupId' });
  const group = useGroup(groupId);
  const [editing, setEditing] = useState(false);
  const [importing, setImporting] = useState(false);
  const back = (
    <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/groups" />}>
      ← {t('group.title')}
    </Anchor>
  );
  if (group.error) {
    return (
      <Page title={t('group.title')} back={back}>
        <ErrorNotice error={group.error} retry={() => void group.refetch()} />
      </Page>
    );
  }
  if (!group.data) return <Skeleton height={240} aria-label={t('common.loading')} />;
  const shown = group.data;
  const domains = shown.CustomDomains?.DomainItem ?? [];
  const actions = (
    <>
      <Button variant="default" onClick={() => setEditing(true)}>
        {t('action.edit')}
      </Button>
      <Button variant="default" onClick={() => setImporting(true)}>
        {t('import.title')}
      </Button>
      <Button
        leftSection={<IconPlus size={16} />}
        renderRoot={(props) => <Link {...props} to="/apis/new" search={{ group: groupId }} />}
      >
        {t('api.create')}
      </Button>
    </>
  );
  return (
    <Page title={shown.GroupName ?? groupId} back={back} actions={actions}>
      <Card withBorder>
        <Title order={2} size="h5" mb="sm">
          {t('group.info')}
        </Title>
        <Facts
          rows={[
            [t('common.id'), <CopyText key="id" value={groupId} />],
            [t('group.basePath'), shown.BasePath],
            [
              t('group.domain'),
              <Stack gap={2} key="domain">
                <CopyText value={shown.SubDomain ?? ''} />
                <Text size="xs" c="dimmed">
                  {t('group.domainHint')}
                </Text>
              </Stack>,
            ],
            [t('group.instance'), `${shown.InstanceId} (${shown.InstanceType})`],
            [t('group.environments'), (shown.StageItems?.StageInfo ?? []).map((stage) => stage.StageName).join(', ')],
            [t('common.description'), shown.Description || '–'],
            [t('common.modified'), when(shown.ModifiedTime)],
          ]}
        />
      </Card>
      <Card withBorder>
        <Title order={2} size="h5" mb="sm">
          {t('group.domains')}
        </Title>
        {domains.length === 0 ? (
          <Text c="dimmed">{t('group.noDomains')}</Text>
        ) : (
          domains.map((domain) => <CopyText key={domain.DomainName} value={domain.DomainName ?? ''} />)
        )}
      </Card>
      <Title order={2} size="h4">
        {t('group.apis')}
      </Title>
      <ApiTable groupId={groupId} />
      {importing && <ImportApis groupId={groupId} close={() => setImporting(false)} />}
      <EditGroup opened={editing} close={() => setEditing(false)} group={shown} />
    </Page>
  );
}

export function Facts({ rows }: { rows: Array<[string, ReactNode]> }) {
  return (
    <Table variant="vertical" layout="fixed" withRowBorders={false}>
      <Table.Tbody>
        {rows.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th w={200} scope="row">
              {name}
            </Table.Th>
            <Table.Td>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
