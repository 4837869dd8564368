// Somebody else saved the same draft: what each changed, and which of it to keep.
import { Badge, Button, Group, Modal, Radio, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { useTexts } from '../../i18n';
import { valueText } from '../../parts/Differences';
import type { Draft } from './draft';
import { choices, merged, takesMine } from './merge';

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
  const choose = (field: string, isMine: boolean) =>
    setKept((old) => {
      const next = new Set(old);
      if (isMine) next.add(field);
      else next.delete(field);
      return next;
    });
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
        <Table.ScrollContainer minWidth={640}>
          <Table fz="sm" layout="fixed">
            <Table.Thead>
              <Table.Tr>
                {(['field', 'base', 'theirs', 'mine'] as const).map((column) => (
                  <Table.Th key={column} scope="col">
                    {t(`conflict.${column}`)}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Table.Tr key={row.field}>
                  <Table.Th scope="row" style={{ overflowWrap: 'anywhere' }}>
                    {row.field}{' '}
                    {row.conflicts && (
                      <Badge size="sm" color="orange.9" variant="filled">
                        !
                      </Badge>
                    )}
                  </Table.Th>
                  <Table.Td className="before">{valueText(row.base)}</Table.Td>
                  {([false, true] as const).map((isMine) => (
                    <Table.Td key={String(isMine)} className="after">
                      <Radio
                        name={row.field}
                        checked={kept.has(row.field) === isMine}
                        onChange={() => choose(row.field, isMine)}
                        label={valueText(isMine ? row.mine : row.theirs)}
                      />
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
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
