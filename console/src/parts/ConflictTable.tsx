// What each of two people changed, field by field, and which of it is kept.
import { Badge, Radio, Table } from '@mantine/core';
import { useTexts } from '../i18n';
import type { Choice } from './choices';
import { valueText } from './Differences';
import { WARNING } from './StatusBadge';

interface Props {
  rows: Choice[];
  /** Fields whose own value is kept. */
  kept: ReadonlySet<string>;
  setKept: (fields: Set<string>) => void;
}

export function ConflictTable({ rows, kept, setKept }: Props) {
  const { t } = useTexts();
  const choose = (field: string, isMine: boolean) => {
    const next = new Set(kept);
    if (isMine) next.add(field);
    else next.delete(field);
    setKept(next);
  };
  return (
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
                  <Badge size="sm" color={WARNING} variant="filled">
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
  );
}
