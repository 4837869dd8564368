// One app: its credentials, and what it may call.
import { ActionIcon, Anchor, Button, Card, Group as Row, Skeleton, Stack, Table, Text, Title } from '@mantine/core';
import { IconEye, IconEyeOff, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../../api/client';
import { useSecurities, when } from '../../api/queries';
import { useTexts } from '../../i18n';
import { Confirm } from '../../parts/Confirm';
import { CopyText } from '../../parts/CopyText';
import { DataTable } from '../../parts/DataTable';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { Page } from '../../parts/Page';
import { ShowAs } from '../../parts/ShowAs';
import { stageLabel } from '../../parts/stages';
import { useSave } from '../../parts/useSave';
import { Authorize } from '../apis/Authorize';

export function AppDetail() {
  const { t } = useTexts();
  const { appId } = useParams({ from: '/inside/apps/$appId' });
  const id = Number(appId);
  const [authorizing, setAuthorizing] = useState(false);
  const app = useQuery({ queryKey: ['apps', id], queryFn: () => call('DescribeApp', { AppId: id }) });
  const grants = useQuery({
    queryKey: ['grants', 'app', id, 'list'],
    queryFn: async () =>
      (await call('DescribeAuthorizedApis', { AppId: id, PageSize: 100 })).AuthorizedApis?.AuthorizedApi ?? [],
  });
  const revoke = useSave({
    run: (grant: { ApiId?: string; StageName?: string }) =>
      call('RemoveApisAuthorities', { AppId: id, ApiIds: grant.ApiId ?? '', StageName: grant.StageName ?? '' }),
    stale: ['grants'],
  });
  const back = (
    <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/apps" />}>
      ← {t('app.list')}
    </Anchor>
  );
  if (app.error) {
    return (
      <Page title={t('app.list')} back={back}>
        <ErrorNotice error={app.error} retry={() => void app.refetch()} />
      </Page>
    );
  }
  if (!app.data) return <Skeleton height={240} aria-label={t('common.loading')} />;
  return (
    <Page
      title={app.data.AppName ?? appId}
      lead={app.data.Description}
      back={back}
      actions={
        <>
          <ShowAs operation="CreateApp" params={{ AppName: app.data.AppName, Description: app.data.Description }} />
          <Button onClick={() => setAuthorizing(true)}>{t('api.authorize')}</Button>
        </>
      }
    >
      <Credentials appId={id} />
      <Title order={2} size="h4">
        {t('app.apis')}
      </Title>
      {revoke.error && <ErrorNotice error={revoke.error} />}
      <DataTable
        caption={t('app.apis')}
        rows={grants.data}
        error={grants.error}
        retry={() => void grants.refetch()}
        rowKey={(grant) => `${grant.ApiId}/${grant.StageName}`}
        empty={<Text>{t('app.noApis')}</Text>}
        columns={[
          {
            title: t('api.name'),
            value: (grant) => grant.ApiName,
            cell: (grant) => (
              <Anchor
                renderRoot={(props) => (
                  <Link
                    {...props}
                    to="/apis/$groupId/$apiId"
                    params={{ groupId: grant.GroupId ?? '', apiId: grant.ApiId ?? '' }}
                    search={{ tab: undefined, publish: undefined }}
                  />
                )}
              >
                {grant.ApiName}
              </Anchor>
            ),
          },
          { title: t('api.group'), cell: (grant) => grant.GroupName },
          { title: t('common.stage'), cell: (grant) => stageLabel(t, grant.StageName) },
          {
            title: t('authorize.validity'),
            cell: (grant) => (grant.AuthVaildTime ? when(grant.AuthVaildTime) : t('common.never')),
          },
          {
            title: t('action.more'),
            cell: (grant) => (
              <Button
                size="compact-sm"
                variant="subtle"
                color="red"
                loading={revoke.isPending}
                onClick={() => revoke.mutate(grant)}
              >
                {t('authorize.revoke')}
              </Button>
            ),
          },
        ]}
      />
      <Authorize opened={authorizing} close={() => setAuthorizing(false)} app={{ id, name: app.data.AppName ?? '' }} />
    </Page>
  );
}

function Credentials({ appId }: { appId: number }) {
  const { t } = useTexts();
  const securities = useSecurities(appId);
  const [shown, setShown] = useState(false);
  const add = useSave({
    run: (kind: 'CreateAppKey' | 'CreateAppCode') => call(kind, { AppId: String(appId) } as never),
    stale: ['apps'],
  });
  const [removing, setRemoving] = useState<{ key?: string; code?: string } | null>(null);
  const remove = useSave({
    run: ({ key, code }: { key?: string; code?: string }) =>
      key
        ? call('DeleteAppKey', { AppId: String(appId), AppKey: key })
        : call('DeleteAppCode', { AppId: String(appId), AppCode: code ?? '' }),
    stale: ['apps'],
    after: () => setRemoving(null),
  });
  const rows = securities.data ?? [];
  const keys = rows.filter((row) => row.AppKey);
  const codes = rows.filter((row) => row.AppCode);
  const hidden = '••••••••••••';
  return (
    <Card withBorder>
      <Row justify="space-between" mb="sm">
        <Title order={2} size="h5">
          {t('app.credentials')}
        </Title>
        <ActionIcon
          variant="default"
          size="lg"
          onClick={() => setShown(!shown)}
          aria-pressed={shown}
          aria-label={shown ? t('action.hide') : t('action.show')}
        >
          {shown ? <IconEyeOff size={18} /> : <IconEye size={18} />}
        </ActionIcon>
      </Row>
      {securities.error ? <ErrorNotice error={securities.error} retry={() => void securities.refetch()} /> : null}
      {add.error ? <ErrorNotice error={add.error} /> : null}
      <Stack>
        <Table.ScrollContainer minWidth={520}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">AppKey</Table.Th>
                <Table.Th scope="col">AppSecret</Table.Th>
                <Table.Th scope="col">{t('action.more')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {keys.map((row) => (
                <Table.Tr key={row.AppKey}>
                  <Table.Td>
                    <CopyText value={row.AppKey ?? ''} />
                  </Table.Td>
                  <Table.Td>
                    <CopyText value={row.AppSecret ?? ''} shown={shown ? row.AppSecret : hidden} />
                  </Table.Td>
                  <Table.Td>
                    <Button
                      size="compact-sm"
                      variant="subtle"
                      color="red"
                      onClick={() => setRemoving({ key: row.AppKey })}
                    >
                      {t('action.delete')}
                    </Button>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
        <Text fw={600} size="sm">
          {t('app.codes')}
        </Text>
        {codes.map((row) => (
          <Row key={row.AppCode} gap="md">
            <CopyText value={row.AppCode ?? ''} shown={shown ? row.AppCode : hidden} />
            <Button size="compact-sm" variant="subtle" color="red" onClick={() => setRemoving({ code: row.AppCode })}>
              {t('action.delete')}
            </Button>
          </Row>
        ))}
        <Row>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} />}
            onClick={() => add.mutate('CreateAppKey')}
          >
            {t('app.addKey')}
          </Button>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} />}
            onClick={() => add.mutate('CreateAppCode')}
          >
            {t('app.addCode')}
          </Button>
        </Row>
      </Stack>
      <Confirm
        opened={removing !== null}
        title={t('delete.title', { name: removing?.key ?? 'AppCode' })}
        text={t('app.removeText')}
        action={t('action.delete')}
        busy={remove.isPending}
        error={remove.error}
        close={() => setRemoving(null)}
        confirm={() => removing && remove.mutate(removing)}
      />
    </Card>
  );
}
