// One API: its draft, who may call it, the plug-ins on it, its history; and the way to publish it.
import { Alert, Anchor, Button, Card, Group, Menu, Skeleton, Stack, Tabs, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDots } from '@tabler/icons-react';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../../api/client';
import { useDrift } from '../../api/drift';
import { useApi } from '../../api/queries';
import { useTexts } from '../../i18n';
import { CodeBlock } from '../../parts/CodeBlock';
import { Confirm } from '../../parts/Confirm';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { Page } from '../../parts/Page';
import { ShowAs } from '../../parts/ShowAs';
import { stageLabel } from '../../parts/stages';
import { useSave } from '../../parts/useSave';
import { LastHour } from '../monitoring/LastHour';
import { BoundPlugins } from '../plugins/BoundPlugins';
import { Published, stagesOf } from './ApiTable';
import { Authorize } from './Authorize';
import { toYaml } from './document';
import { readDraft, writeDraft } from './draft';
import { Grants } from './Grants';
import { History } from './History';
import { PublishDialog } from './PublishDialog';

export function ApiDetail() {
  const { t } = useTexts();
  const { groupId, apiId } = useParams({ from: '/inside/apis/$groupId/$apiId' });
  const { tab, publish } = useSearch({ from: '/inside/apis/$groupId/$apiId' });
  const navigate = useNavigate();
  const api = useApi(groupId, apiId);
  const drift = useDrift(apiId);
  const [publishing, publishDialog] = useDisclosure(publish !== undefined);
  const [authorizing, authorizeDialog] = useDisclosure(false);
  const [removing, setRemoving] = useState(false);
  const [taking, setTaking] = useState<string | null>(null);
  const remove = useSave({
    run: () => call('DeleteApi', { GroupId: groupId, ApiId: apiId }),
    stale: ['apis', 'grants'],
    after: () => void navigate({ to: '/apis' }),
  });
  const abolish = useSave({
    run: (stage: string) => call('AbolishApi', { GroupId: groupId, ApiId: apiId, StageName: stage }),
    stale: ['apis'],
    after: () => setTaking(null),
  });
  const back = (
    <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/groups/$groupId" params={{ groupId }} />}>
      ← {api.data?.GroupName ?? t('group.title')}
    </Anchor>
  );
  if (api.error) {
    return (
      <Page title={t('api.title')} back={back}>
        <ErrorNotice error={api.error} retry={() => void api.refetch()} />
      </Page>
    );
  }
  if (!api.data) return <Skeleton height={280} aria-label={t('common.loading')} />;
  const shown = api.data;
  const live = stagesOf(shown);
  const drifted = (drift.data?.Stages ?? []).filter((one) => one.State !== 'SAME');
  const name = shown.ApiName ?? apiId;
  const setTab = (value: string | null) =>
    void navigate({
      to: '/apis/$groupId/$apiId',
      params: { groupId, apiId },
      search: { tab: value ?? undefined, publish: undefined },
      replace: true,
    });
  const actions = (
    <>
      <Button aria-keyshortcuts="p" onClick={publishDialog.open}>
        {t('api.publish')}
      </Button>
      <Button
        variant="default"
        renderRoot={(props) => (
          <Link {...props} to="/debug" search={{ api: apiId, stage: live[0], draft: live.length === 0 || undefined }} />
        )}
      >
        {t('api.debug')}
      </Button>
      <Button variant="default" onClick={authorizeDialog.open}>
        {t('api.authorize')}
      </Button>
      <Menu>
        <Menu.Target>
          <Button variant="default" px="xs" aria-label={t('action.more')}>
            <IconDots size={18} />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {live.map((stage) => (
            <Menu.Item key={stage} onClick={() => setTaking(stage)}>
              {t('api.unpublish')}: {stageLabel(t, stage)}
            </Menu.Item>
          ))}
          <Menu.Item color="red" onClick={() => setRemoving(true)}>
            {t('action.delete')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
  return (
    <Page
      title={name}
      lead={`${shown.RequestConfig?.RequestHttpMethod} ${shown.RequestConfig?.RequestPath}`}
      back={back}
      actions={actions}
    >
      {live.length === 0 ? (
        <Alert color="yellow" role="status">
          <Group justify="space-between">
            <Text>{t('api.notLive')}</Text>
            <Button size="xs" onClick={publishDialog.open}>
              {t('api.publish')}
            </Button>
          </Group>
        </Alert>
      ) : (
        <>
          <Published api={shown} drift={drift.data} />
          <LastHour apiId={apiId} />
        </>
      )}
      {drifted.length > 0 && (
        <Alert color="gray" variant="light" role="status">
          <Group justify="space-between">
            <Text>{t('drift.banner', { stages: drifted.map((one) => stageLabel(t, one.StageName)).join(', ') })}</Text>
            <Button size="xs" onClick={publishDialog.open}>
              {t('drift.see')}
            </Button>
          </Group>
        </Alert>
      )}
      <Tabs value={tab ?? 'definition'} onChange={setTab} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="definition">{t('api.definition')}</Tabs.Tab>
          <Tabs.Tab value="authorization">{t('api.authorization')}</Tabs.Tab>
          <Tabs.Tab value="plugins">{t('api.plugins')}</Tabs.Tab>
          <Tabs.Tab value="history">{t('api.history')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="definition" pt="md">
          <Stack>
            <Group>
              <Button
                aria-keyshortcuts="e"
                variant="default"
                renderRoot={(props) => <Link {...props} to="/apis/$groupId/$apiId/edit" params={{ groupId, apiId }} />}
              >
                {t('action.edit')}
              </Button>
              <ShowAs operation="CreateApi" params={{ GroupId: groupId, ...writeDraft(readDraft(shown)) }} />
            </Group>
            <Card withBorder>
              <CodeBlock text={toYaml(readDraft(shown))} />
            </Card>
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="authorization" pt="md">
          <Grants apiId={apiId} isAnonymous={shown.AuthType === 'ANONYMOUS'} authorize={authorizeDialog.open} />
        </Tabs.Panel>
        <Tabs.Panel value="plugins" pt="md">
          <BoundPlugins groupId={groupId} apiId={apiId} />
        </Tabs.Panel>
        <Tabs.Panel value="history" pt="md">
          <History groupId={groupId} apiId={apiId} />
        </Tabs.Panel>
      </Tabs>
      <PublishDialog opened={publishing} close={publishDialog.close} groupId={groupId} apiId={apiId} />
      <Authorize opened={authorizing} close={authorizeDialog.close} api={{ groupId, id: apiId, name }} />
      <Confirm
        opened={removing}
        title={t('delete.title', { name })}
        text={t('api.deleteText')}
        called={{ name, by: { ApiId: apiId } }}
        action={t('action.delete')}
        busy={remove.isPending}
        error={remove.error}
        close={() => setRemoving(false)}
        confirm={() => remove.mutate(undefined)}
      />
      <Confirm
        opened={taking !== null}
        title={`${t('api.unpublish')}: ${name}`}
        text={taking ? stageLabel(t, taking) : ''}
        called={taking ? { name, by: { ApiId: apiId, StageName: taking } } : undefined}
        action={t('api.unpublish')}
        busy={abolish.isPending}
        error={abolish.error}
        close={() => setTaking(null)}
        confirm={() => taking && abolish.mutate(taking)}
      />
    </Page>
  );
}
