// One group: what it is, its APIs, domains, environments and plug-ins.
import { Anchor, Button, Card, Skeleton, Stack, Tabs, Text, Title } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useGroup, when } from '../../api/queries';
import { useTexts } from '../../i18n';
import { CopyText } from '../../parts/CopyText';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { Facts } from '../../parts/Facts';
import { Page } from '../../parts/Page';
import { ShowAs } from '../../parts/ShowAs';
import { ApiTable } from '../apis/ApiTable';
import { DomainList } from '../domains/Domains';
import { ImportApis } from '../ImportApis';
import { BoundPlugins } from '../plugins/BoundPlugins';
import { EditGroup } from './Groups';
import { Variables } from './Variables';

export function GroupDetail() {
  const { t } = useTexts();
  const { groupId } = useParams({ from: '/inside/groups/$groupId' });
  const { tab } = useSearch({ from: '/inside/groups/$groupId' });
  const navigate = useNavigate();
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
  const stages = shown.StageItems?.StageInfo ?? [];
  const setTab = (value: string | null) =>
    void navigate({
      to: '/groups/$groupId',
      params: { groupId },
      search: { tab: value === 'apis' ? undefined : (value ?? undefined) },
      replace: true,
    });
  const actions = (
    <>
      <Button aria-keyshortcuts="e" variant="default" onClick={() => setEditing(true)}>
        {t('action.edit')}
      </Button>
      <ShowAs
        operation="CreateApiGroup"
        params={{ GroupName: shown.GroupName, BasePath: shown.BasePath, Description: shown.Description }}
      />
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
            [t('common.description'), shown.Description || '–'],
            [t('common.modified'), when(shown.ModifiedTime)],
          ]}
        />
      </Card>
      <Tabs value={tab ?? 'apis'} onChange={setTab} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="apis">{t('group.apis')}</Tabs.Tab>
          <Tabs.Tab value="domains">{t('group.domains')}</Tabs.Tab>
          <Tabs.Tab value="environments">{t('group.environments')}</Tabs.Tab>
          <Tabs.Tab value="plugins">{t('api.plugins')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="apis" pt="md">
          <ApiTable groupId={groupId} />
        </Tabs.Panel>
        <Tabs.Panel value="domains" pt="md">
          <DomainList groupId={groupId} />
        </Tabs.Panel>
        <Tabs.Panel value="environments" pt="md">
          <Variables groupId={groupId} stages={stages} />
        </Tabs.Panel>
        <Tabs.Panel value="plugins" pt="md">
          <BoundPlugins groupId={groupId} />
        </Tabs.Panel>
      </Tabs>
      {importing && <ImportApis groupId={groupId} close={() => setImporting(false)} />}
      {editing && <EditGroup close={() => setEditing(false)} group={shown} />}
    </Page>
  );
}
