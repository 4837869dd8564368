// Any two versions of an API, or one and the draft, field by field.
import { Modal, Select, Skeleton, Stack } from '@mantine/core';
import { useState } from 'react';
import { useComparison } from '../../api/drift';
import { type Edition, when } from '../../api/queries';
import { useTexts } from '../../i18n';
import { Differences } from '../../parts/Differences';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { stageLabel } from '../../parts/stages';

const DRAFT = 'draft';

export const keyOf = (edition: Edition) => `${edition.StageName}/${edition.HistoryVersion}`;

export function Compare({
  apiId,
  editions,
  from,
  close,
}: {
  apiId: string;
  editions: Edition[];
  from: Edition;
  close: () => void;
}) {
  const { t } = useTexts();
  const live = editions.find((one) => one.Status === 'ONLINE' && one.StageName === from.StageName);
  const [before, setBefore] = useState(keyOf(from));
  const [after, setAfter] = useState(live && keyOf(live) !== keyOf(from) ? keyOf(live) : DRAFT);
  const versions = editions.map((one) => ({
    value: keyOf(one),
    label: `${stageLabel(t, one.StageName)} ${one.HistoryVersion}${one.Status === 'ONLINE' ? ` (${t('history.live')})` : ''} · ${when(one.DeployedTime)}`,
  }));
  return (
    <Modal
      opened
      onClose={close}
      size="xl"
      title={t('history.compare')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack>
        <Select
          label={t('history.from')}
          data={versions}
          value={before}
          allowDeselect={false}
          onChange={(value) => value && setBefore(value)}
        />
        <Select
          label={t('history.to')}
          data={[{ value: DRAFT, label: t('history.draft') }, ...versions]}
          value={after}
          allowDeselect={false}
          onChange={(value) => value && setAfter(value)}
        />
        <Compared apiId={apiId} before={before} after={after === DRAFT ? undefined : after} />
      </Stack>
    </Modal>
  );
}

/** Both as `keyOf` says them; without `after`, the draft. */
export function Compared({ apiId, before, after }: { apiId: string; before: string; after?: string }) {
  const { t } = useTexts();
  const [stage = '', version] = before.split('/');
  const [otherStage, otherVersion] = after?.split('/') ?? [];
  const found = useComparison({ apiId, stage, version, otherStage, otherVersion });
  if (found.error) return <ErrorNotice error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton height={120} aria-label={t('common.loading')} />;
  return <Differences found={found.data.Differences ?? []} />;
}
