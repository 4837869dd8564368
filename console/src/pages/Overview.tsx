// The walk-through as a checklist of what is really there, and how the engines are.
import { Alert, Anchor, Badge, Card, Group, SimpleGrid, Skeleton, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconArrowRight, IconCheck, IconCircle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { call } from '../api/client';
import { useDrifted } from '../api/drift';
import { useAccesses, useApis, useApps, useEngines, useGroups, when } from '../api/queries';
import { type Key, useTexts } from '../i18n';
import { DataTable } from '../parts/DataTable';
import { ErrorNotice } from '../parts/ErrorNotice';
import { Page } from '../parts/Page';
import { WARNING } from '../parts/StatusBadge';
import { stageLabel } from '../parts/stages';
import { DriftCount } from './apis/PublishDialog';
import { hasCalled } from './firstCall';
import { LastHour } from './monitoring/LastHour';

export function Overview() {
  const { t } = useTexts();
  const accesses = useAccesses();
  const groups = useGroups();
  const apis = useApis();
  const apps = useApps();
  const engines = useEngines();
  const firstApp = apps.data?.at(-1)?.AppId;
  const grants = useQuery({
    queryKey: ['grants', 'app', firstApp],
    queryFn: async () => (await call('DescribeAuthorizedApis', { AppId: firstApp as number })).TotalCount ?? 0,
    enabled: firstApp !== undefined,
  });
  const failed = [accesses, groups, apis, apps].find((query) => query.error);
  const published = apis.data?.find((api) =>
    api.DeployedInfos?.DeployedInfo?.some((one) => one.DeployedStatus === 'DEPLOYED'),
  );
  const draft = apis.data?.at(0);
  const shownApi = published ?? draft;
  const steps: Array<{ key: Key; help: Key; done: boolean; to: string; search?: Record<string, string> }> = [
    { key: 'overview.step.vpc', help: 'overview.step.vpcHelp', done: Boolean(accesses.data?.length), to: '/vpcs' },
    { key: 'overview.step.group', help: 'overview.step.groupHelp', done: Boolean(groups.data?.length), to: '/groups' },
    { key: 'overview.step.api', help: 'overview.step.apiHelp', done: Boolean(apis.data?.length), to: '/apis/new' },
    {
      key: 'overview.step.publish',
      help: 'overview.step.publishHelp',
      done: Boolean(published),
      to: shownApi ? `/apis/${shownApi.GroupId}/${shownApi.ApiId}` : '/apis',
    },
    { key: 'overview.step.app', help: 'overview.step.appHelp', done: Boolean(apps.data?.length), to: '/apps' },
    {
      key: 'overview.step.authorize',
      help: 'overview.step.authorizeHelp',
      done: (grants.data ?? 0) > 0,
      to: firstApp === undefined ? '/apps' : `/apps/${firstApp}`,
    },
    { key: 'overview.step.call', help: 'overview.step.callHelp', done: hasCalled(), to: '/debug' },
  ];
  const next = steps.findIndex((step) => !step.done);
  const loading = [accesses, groups, apis, apps].some((query) => query.isPending);
  return (
    <Page title={t('overview.title')}>
      {failed && <ErrorNotice error={failed.error} retry={() => void failed.refetch()} />}
      <SimpleGrid cols={{ base: 2, sm: 4 }} component="section" aria-label={t('overview.counts')}>
        <Count text={t('nav.vpcs')} value={accesses.data?.length} to="/vpcs" />
        <Count text={t('nav.groups')} value={groups.data?.length} to="/groups" />
        <Count text={t('nav.apis')} value={apis.data?.length} to="/apis" />
        <Count text={t('nav.apps')} value={apps.data?.length} to="/apps" />
      </SimpleGrid>
      {published && <LastHour />}
      <Title order={2} size="h4">
        {t('overview.steps')}
      </Title>
      {loading && !failed ? (
        <Skeleton height={240} radius="md" />
      ) : next < 0 ? (
        <Alert color="teal">{t('overview.allDone')}</Alert>
      ) : (
        <Card withBorder padding={0} component="ol" m={0} style={{ listStyle: 'none' }}>
          {steps.map((step, index) => (
            <Group component="li" key={step.key} px="md" py="sm" wrap="nowrap" align="flex-start" className="step">
              <ThemeIcon variant={step.done ? 'filled' : 'default'} color="teal.8" radius="xl" size={28} aria-hidden>
                {step.done ? (
                  <IconCheck size={16} />
                ) : index === next ? (
                  <IconArrowRight size={16} />
                ) : (
                  <IconCircle size={12} />
                )}
              </ThemeIcon>
              <Stack gap={2} style={{ flex: 1 }}>
                <Group gap="xs">
                  <Anchor
                    renderRoot={(props) => <Link {...props} to={step.to} />}
                    fw={600}
                    c={step.done ? 'dimmed' : undefined}
                  >
                    {index + 1}. {t(step.key)}
                  </Anchor>
                  {step.done && (
                    <Badge size="sm" color="teal.9" variant="filled" tt="none">
                      {t('overview.done')}
                    </Badge>
                  )}
                  {index === next && (
                    <Badge size="sm" variant="filled" tt="none">
                      {t('overview.next')}
                    </Badge>
                  )}
                </Group>
                <Text size="sm" c="dimmed">
                  {t(step.help)}
                </Text>
              </Stack>
            </Group>
          ))}
        </Card>
      )}
      {published && <Drifted />}
      <Title order={2} size="h4">
        {t('overview.engines')}
      </Title>
      <DataTable
        caption={t('overview.engines')}
        rows={engines.data && (engines.data.Engines?.Engine ?? [])}
        error={engines.error}
        retry={() => void engines.refetch()}
        rowKey={(engine) => engine.Node ?? ''}
        empty={<Alert color="red">{t('overview.noEngine')}</Alert>}
        columns={[
          { title: t('overview.engine'), cell: (engine) => engine.Node },
          { title: t('overview.revision'), cell: (engine) => engine.Revision },
          { title: t('overview.lag'), cell: (engine) => engine.Lag ?? 0 },
          {
            title: t('overview.state'),
            cell: (engine) => (
              <Badge color={engine.State === 'serving' ? 'teal.9' : WARNING} variant="filled" tt="none">
                {engine.State}
              </Badge>
            ),
          },
          {
            title: t('overview.problems'),
            cell: (engine) =>
              engine.Refused?.length
                ? engine.Refused.map((one) => (
                    <Text size="sm" key={one.Key}>{`${one.Kind} ${one.Key}: ${one.Reason}`}</Text>
                  ))
                : t('common.none'),
          },
        ]}
      />
    </Page>
  );
}

/** What is saved and not live yet. */
function Drifted() {
  const { t } = useTexts();
  const drifted = useDrifted();
  return (
    <>
      <Title order={2} size="h4">
        {t('drift.list')}
      </Title>
      <DataTable
        caption={t('drift.list')}
        rows={drifted.data}
        error={drifted.error}
        retry={() => void drifted.refetch()}
        rowKey={(row) => row.ApiId ?? ''}
        empty={<Text c="dimmed">{t('drift.allLive')}</Text>}
        columns={[
          {
            title: t('api.name'),
            value: (row) => row.ApiName,
            cell: (row) => (
              <Anchor
                fw={600}
                renderRoot={(props) => (
                  <Link
                    {...props}
                    to="/apis/$groupId/$apiId"
                    params={{ groupId: row.GroupId ?? '', apiId: row.ApiId ?? '' }}
                    search={{ tab: undefined, publish: 'yes' }}
                  />
                )}
              >
                {row.ApiName}
              </Anchor>
            ),
          },
          {
            title: t('common.stage'),
            cell: (row) => (
              <Group gap="xs">
                {(row.Stages ?? [])
                  .filter((one) => one.State !== 'SAME')
                  .map((one) => (
                    <Group key={one.StageName} gap={3}>
                      {stageLabel(t, one.StageName)}
                      <DriftCount drift={one} />
                    </Group>
                  ))}
              </Group>
            ),
          },
          {
            title: t('drift.by'),
            cell: (row) => `${when(row.ModifiedTime)} ${row.ModifiedBy?.replace(/^user:/, '') ?? ''}`,
          },
        ]}
      />
    </>
  );
}

function Count({ text, value, to }: { text: string; value: number | undefined; to: string }) {
  return (
    <Card withBorder renderRoot={(props) => <Link {...props} to={to} />}>
      <Text size="sm" c="dimmed">
        {text}
      </Text>
      <Text fz={28} fw={700}>
        {value ?? '–'}
      </Text>
    </Card>
  );
}
