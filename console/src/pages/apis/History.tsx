// What was published when, and the way back.
import { Badge, Button, Text } from '@mantine/core';
import { useState } from 'react';
import { call } from '../../api/client';
import { type Edition, useHistory, when } from '../../api/queries';
import { type Key, useTexts } from '../../i18n';
import { Confirm } from '../../parts/Confirm';
import { DataTable } from '../../parts/DataTable';
import { useSave } from '../../parts/useSave';

export function History({ groupId, apiId }: { groupId: string; apiId: string }) {
  const { t } = useTexts();
  const history = useHistory(groupId, apiId);
  const [chosen, setChosen] = useState<Edition | null>(null);
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
          { title: t('history.version'), cell: (edition) => edition.HistoryVersion },
          { title: t('common.stage'), cell: (edition) => t(`stage.${edition.StageName}` as Key) },
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
          { title: t('common.created'), cell: (edition) => when(edition.DeployedTime) },
          { title: t('history.remarks'), cell: (edition) => edition.Description || '–' },
          {
            title: t('action.more'),
            cell: (edition) =>
              edition.Status === 'ONLINE' ? null : (
                <Button size="compact-sm" variant="subtle" onClick={() => setChosen(edition)}>
                  {t('history.switch')}
                </Button>
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
      />
    </>
  );
}
