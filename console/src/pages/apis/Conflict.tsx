// Somebody else saved the same draft: what each changed, and which of it to keep.
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTexts } from '../../i18n';
import { ConflictTable } from '../../parts/ConflictTable';
import { takesMine } from '../../parts/choices';
import type { Draft } from './draft';
import { choices, merged } from './merge';

interface Props {
  base: Draft;
  theirs: Draft;
  mine: Draft;
  /** The server's own words: who, when, through what. */
  reason: string;
  close: () => void;
  take: (draft: Draft) => void;
}

export function Conflict({ base, theirs, mine, reason, close, take }: Props) {
  const { t } = useTexts();
  const rows = choices(base, theirs, mine);
  const [kept, setKept] = useState(() => new Set(rows.filter(takesMine).map((row) => row.field)));
  return (
    <Modal
      opened
      onClose={close}
      size="80rem"
      title={t('conflict.title')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack>
        <Text size="sm">{reason}</Text>
        <Text>{t('conflict.text')}</Text>
        <ConflictTable rows={rows} kept={kept} setKept={setKept} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t('action.cancel')}
          </Button>
          <Button onClick={() => take(merged(theirs, mine, [...kept]))}>{t('conflict.take')}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
