// APIs with what is published of each.
import { Anchor, Badge, Button, Checkbox, Code, Group, Paper, Select, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { type DriftRow, stageDrift, useDrifted } from '../../api/drift';
import { type Api, useApis, when } from '../../api/queries';
import { useTexts } from '../../i18n';
import { DataTable } from '../../parts/DataTable';
import { inOrder, stageLabel, useStageOptions } from '../../parts/stages';
import { type ListState, useListState } from '../../parts/useListState';
import { CreateApiButton } from './Apis';
import { type BulkAction, BulkApis } from './BulkApis';
import { DriftCount } from './PublishDialog';

export function ApiTable({ groupId }: { groupId?: string }) {
  const { t } = useTexts();
  const apis = useApis(groupId);
  const drifted = useDrifted(groupId);
  const driftOf = new Map((drifted.data ?? []).map((row) => [row.ApiId, row]));
  const [keys, setKeys] = useState<ReadonlySet<string>>(new Set());
  const [action, setAction] = useState<BulkAction | null>(null);
  const [state, change] = useListState(groupId === undefined);
  const rows = apis.data?.filter((api) => isWanted(api, state, driftOf));
  const isFiltered = state.stage !== undefined || state.drift === true;
  // What is out of sight is not chosen either.
  const filter = (changes: ListState) => {
    setKeys(new Set());
    change({ ...changes, page: undefined }, true);
  };
  // What is no longer there cannot be chosen.
  const chosen = (apis.data ?? []).filter((api) => keys.has(api.ApiId ?? ''));
  const table = (
    <DataTable
      caption={t('api.title')}
      isMain={groupId === undefined}
      selection={{ keys, set: setKeys, name: (api) => api.ApiName ?? '' }}
      rows={rows}
      error={apis.error}
      retry={() => void apis.refetch()}
      rowKey={(api) => api.ApiId ?? ''}
      searched={(api) => `${api.ApiName} ${api.ApiPath} ${api.GroupName} ${api.ApiId}`}
      filters={isFiltered || (apis.data ?? []).length > 5 ? <Filters state={state} change={filter} /> : undefined}
      empty={
        isFiltered && apis.data?.length ? (
          <>
            <Text>{t('api.noMatch')}</Text>
            <Button variant="default" onClick={() => filter({ stage: undefined, drift: undefined })}>
              {t('api.showAll')}
            </Button>
          </>
        ) : (
          <>
            <Text>{t('api.empty')}</Text>
            <CreateApiButton groupId={groupId} />
          </>
        )
      }
      columns={[
        {
          title: t('api.name'),
          value: (api) => api.ApiName,
          cell: (api) => (
            <Anchor
              fw={600}
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
          value: (api) => `${api.ApiMethod} ${api.ApiPath}`,
          cell: (api) => (
            <Code>
              {api.ApiMethod} {api.ApiPath}
            </Code>
          ),
        },
        {
          title: t('api.stages'),
          value: (api) => stagesOf(api).join(' '),
          cell: (api) => <Published api={api} drift={driftOf.get(api.ApiId)} />,
        },
        {
          title: t('common.modified'),
          id: 'modified',
          value: (api) => api.ModifiedTime,
          cell: (api) => when(api.ModifiedTime),
        },
      ]}
    />
  );
  return (
    <>
      {chosen.length > 0 && (
        <Paper withBorder p="xs" mb="sm" radius="md" className="bulk">
          <Group gap="xs">
            <Text fw={600} size="sm" role="status" mr="sm">
              {t('bulk.selected', { count: chosen.length })}
            </Text>
            {(['publish', 'abolish', 'authorize', 'delete'] as const).map((one) => (
              <Button
                key={one}
                size="xs"
                variant="default"
                c={one === 'delete' ? 'red' : undefined}
                onClick={() => setAction(one)}
              >
                {t(ACTIONS[one])}
              </Button>
            ))}
            <Button size="xs" variant="subtle" onClick={() => setKeys(new Set())}>
              {t('bulk.none')}
            </Button>
          </Group>
        </Paper>
      )}
      {table}
      {action && <BulkOfChosen action={action} apis={chosen} close={() => setAction(null)} />}
    </>
  );
}

/** In this place that is no stage's name: those that run nowhere. */
const NOWHERE = '-';

function isWanted(api: Api, { stage, drift }: ListState, drifts: Map<string | undefined, DriftRow>): boolean {
  const live = stagesOf(api);
  if (stage !== undefined && (stage === NOWHERE ? live.length > 0 : !live.includes(stage))) return false;
  const changed = (drifts.get(api.ApiId)?.Stages ?? []).filter((one) => one.State !== 'SAME');
  return !drift || changed.some((one) => stage === undefined || one.StageName === stage);
}

function Filters({ state, change }: { state: ListState; change: (changes: ListState) => void }) {
  const { t } = useTexts();
  const stages = useStageOptions();
  return (
    <>
      <Select
        aria-label={t('api.stages')}
        placeholder={t('api.everyStage')}
        clearable
        clearButtonProps={{ 'aria-label': t('action.remove') }}
        w={200}
        data={[...stages, { value: NOWHERE, label: t('api.notPublished') }]}
        value={state.stage ?? null}
        onChange={(stage) => change({ stage: stage ?? undefined })}
      />
      <Checkbox
        label={t('api.onlyDrift')}
        checked={state.drift === true}
        onChange={(event) => change({ drift: event.currentTarget.checked || undefined })}
      />
    </>
  );
}

const ACTIONS = {
  publish: 'api.publish',
  abolish: 'api.unpublish',
  authorize: 'api.authorize',
  delete: 'action.delete',
} as const;

/** With those that were chosen when it began: the list below changes while it works. */
function BulkOfChosen(props: { action: BulkAction; apis: Api[]; close: () => void }) {
  const [apis] = useState(props.apis);
  return <BulkApis {...props} apis={apis} />;
}

const COLORS: Record<string, string> = { RELEASE: 'teal', PRE: 'blue', TEST: 'gray' };

export function versionIn(api: { DeployedInfos?: Api['DeployedInfos'] }, stage: string): string | undefined {
  const found = api.DeployedInfos?.DeployedInfo?.find((one) => one.StageName === stage);
  return found?.DeployedStatus === 'DEPLOYED' ? (found.EffectiveVersion ?? '') : undefined;
}

/** Where it runs. */
export const stagesOf = (api: { DeployedInfos?: Api['DeployedInfos'] }): string[] =>
  inOrder(
    (api.DeployedInfos?.DeployedInfo ?? [])
      .filter((one) => one.DeployedStatus === 'DEPLOYED')
      .map((one) => one.StageName ?? ''),
  );

/** Where it runs, and by how much the draft differs there. */
export function Published({ api, drift }: { api: { DeployedInfos?: Api['DeployedInfos'] }; drift?: DriftRow }) {
  const { t } = useTexts();
  const live = stagesOf(api);
  if (live.length === 0) return <Text c="dimmed">{t('api.notPublished')}</Text>;
  return (
    <Group gap={8}>
      {live.map((stage) => {
        const changed = stageDrift(drift, stage);
        return (
          <Group key={stage} gap={3} wrap="nowrap">
            <Badge color={`${COLORS[stage] ?? 'violet'}.9`} variant="filled" tt="none" title={versionIn(api, stage)}>
              {stageLabel(t, stage)}
            </Badge>
            {changed && <DriftCount drift={changed} />}
          </Group>
        );
      })}
    </Group>
  );
}
