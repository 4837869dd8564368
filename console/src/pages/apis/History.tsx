// What was published when, what was different, and the way back.
import { Badge, Button, Code, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { call } from '../../api/client';
import { type Edition, useHistory, when } from '../../api/queries';
import { useTexts } from '../../i18n';
import { Confirm } from '../../parts/Confirm';
import { DataTable } from '../../parts/DataTable';
import { stageLabel } from '../../parts/stages';
import { useSave } from '../../parts/useSave';
import { Compare, Compared, keyOf } from './Compare';

export function History({ groupId, apiId }: { groupId: string; apiId: string }) {
  const { t } = useTexts();
  const history = useHistory(groupId, apiId);
  const [chosen, setChosen] = useState<Edition | null>(null);
  const [compared, setCompared] = useState<Edition | null>(null);
  const change = useSave({
    run: (edition: Edition) =>
      call('SwitchApi', {
        GroupId: groupId,
        ApiId: apiId,
        StageName: edition.StageName ?? '',
        HistoryVersion: edition.HistoryVersion ?? '',
        Description: `${edition.HistoryVersion}`,
      }),
    stale: ['apis'],
    after: () => setChosen(null),
  });
  const live = history.data?.find((one) => one.Status === 'ONLINE' && one.StageName === chosen?.StageName);
  return (
    <>
      <DataTable
        caption={t('api.history')}
        rows={history.data}
        error={history.error}
        retry={() => void history.refetch()}
        rowKey={(edition) => `${edition.HistoryVersion}/${edition.StageName}`}
        empty={<Text>{t('history.empty')}</Text>}
        columns={[
          {
            title: t('history.version'),
            value: (edition) => edition.HistoryVersion,
            cell: (edition) => <Code>{edition.HistoryVersion}</Code>,
          },
          { title: t('common.stage'), cell: (edition) => stageLabel(t, edition.StageName) },
          {
            title: t('history.status'),
            cell: (edition) =>
              edition.Status === 'ONLINE' ? (
                <Badge color="teal.9" variant="filled" tt="none">
                  {t('history.live')}
                </Badge>
              ) : (
                '–'
              ),
          },
          {
            title: t('common.created'),
            id: 'created',
            value: (edition) => edition.DeployedTime,
            cell: (edition) => when(edition.DeployedTime),
          },
          { title: t('history.remarks'), cell: (edition) => edition.Description || '–' },
          {
            title: t('action.more'),
            cell: (edition) => (
              <Group gap={4}>
                <Button size="compact-sm" variant="subtle" onClick={() => setCompared(edition)}>
                  {t('history.compare')}
                </Button>
                {edition.Status !== 'ONLINE' && (
                  <Button size="compact-sm" variant="subtle" onClick={() => setChosen(edition)}>
                    {t('history.switch')}
                  </Button>
                )}
              </Group>
            ),
          },
        ]}
      />
      <Confirm
        opened={chosen !== null}
        title={t('history.switch')}
        text={`${chosen?.HistoryVersion ?? ''}. ${t('history.switchText')}`}
        action={t('history.switch')}
        color="indigo"
        busy={change.isPending}
        error={change.error}
        close={() => setChosen(null)}
        confirm={() => chosen && change.mutate(chosen)}
      >
        {chosen && live && <Compared apiId={apiId} before={keyOf(live)} after={keyOf(chosen)} />}
      </Confirm>
      {compared && (
        <Compare apiId={apiId} editions={history.data ?? []} from={compared} close={() => setCompared(null)} />
      )}
    </>
  );
}
