// One backend: where it leads in each stage, and the APIs that go there.
import { Anchor, Code, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { call, callAll } from '../../api/client';
import { useTexts } from '../../i18n';
import { DataTable } from '../../parts/DataTable';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { Page } from '../../parts/Page';
import { ResourceSection } from '../../parts/Resource';
import { stageLabel, useStageOptions } from '../../parts/stages';
import { EditModel } from './EditModel';
import { dataOf, type Model, whereTo } from './model';

export function BackendDetail() {
  const { t } = useTexts();
  const { backendId } = useParams({ from: '/inside/backends/$backendId' });
  const backend = useQuery({
    queryKey: ['backends', backendId],
    queryFn: async () => (await call('DescribeBackendInfo', { BackendId: backendId })).BackendInfo ?? {},
  });
  const users = useQuery({
    queryKey: ['backends', backendId, 'apis'],
    queryFn: () => callAll('DescribeApisByBackend', { BackendId: backendId }, (answer) => answer.ApiInfoList?.ApiInfo),
  });
  const stages = useStageOptions();
  const back = (
    <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/backends" />}>
      ← {t('backend.title')}
    </Anchor>
  );
  if (backend.error) {
    return (
      <Page title={t('backend.title')} back={back}>
        <ErrorNotice error={backend.error} retry={() => void backend.refetch()} />
      </Page>
    );
  }
  if (!backend.data) return <Skeleton height={240} aria-label={t('common.loading')} />;
  const shown = backend.data;
  return (
    <Page
      title={shown.BackendName ?? backendId}
      lead={[shown.BackendType, shown.Description].filter(Boolean).join(' · ')}
      back={back}
    >
      <ResourceSection<Model>
        title={t('backend.models')}
        lead={t('backend.modelsLead')}
        list={{ data: shown.BackendModels ?? [], error: null, refetch: backend.refetch }}
        rowKey={(model) => model.BackendModelId ?? ''}
        empty={t('backend.noModel')}
        create={
          (shown.BackendModels?.length ?? 0) < stages.length
            ? { label: t('backend.addModel'), form: (close) => <EditModel backend={shown} close={close} /> }
            : undefined
        }
        edit={(model, close) => <EditModel backend={shown} model={model} close={close} />}
        remove={{
          name: (model) => stageLabel(t, model.StageName),
          text: t('delete.text'),
          run: (model) =>
            call('DeleteBackendModel', { BackendId: backendId, BackendModelId: model.BackendModelId ?? '' }),
          stale: ['backends'],
        }}
        columns={[
          { title: t('common.stage'), cell: (model) => <Text fw={600}>{stageLabel(t, model.StageName)}</Text> },
          {
            title: t('backend.leadsTo'),
            cell: (model) => (
              <Code style={{ overflowWrap: 'anywhere' }}>{whereTo(shown.BackendType ?? '', dataOf(model))}</Code>
            ),
          },
          { title: t('common.description'), cell: (model) => model.Description || '–' },
        ]}
      />
      <DataTable
        caption={t('backend.usedBy')}
        rows={users.data}
        error={users.error}
        retry={() => void users.refetch()}
        rowKey={(api) => api.ApiId ?? ''}
        empty={<Text>{t('backend.unused')}</Text>}
        columns={[
          {
            title: t('api.name'),
            value: (api) => api.ApiName,
            cell: (api) => (
              <Anchor
                renderRoot={(props) => (
                  <Link
                    {...props}
                    to="/apis/$groupId/$apiId"
                    params={{ groupId: api.GroupId ?? '', apiId: api.ApiId ?? '' }}
                    search={{ tab: undefined, publish: undefined }}
                  />
                )}
              >
                {api.ApiName}
              </Anchor>
            ),
          },
          { title: t('api.group'), cell: (api) => api.GroupName },
          {
            title: t('api.path'),
            cell: (api) => (
              <Code>
                {api.Method} {api.Path}
              </Code>
            ),
          },
        ]}
      />
    </Page>
  );
}
