// Field by field, what was and what comes; first what callers notice.
import { Badge, Table, Text } from '@mantine/core';
import { useTexts } from '../i18n';
import { WARNING } from './StatusBadge';

export interface Shown {
  Path?: string;
  Before?: unknown;
  After?: unknown;
  CallersNotice?: boolean;
}

export function Differences({ found }: { found: Shown[] }) {
  const { t } = useTexts();
  if (found.length === 0) return <Text c="dimmed">{t('drift.none')}</Text>;
  const sorted = [...found].sort((a, b) => Number(b.CallersNotice ?? false) - Number(a.CallersNotice ?? false));
  return (
    <Table.ScrollContainer minWidth={420} maxHeight={320} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table fz="sm" layout="fixed" verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('drift.field')}</Table.Th>
            <Table.Th scope="col">{t('drift.before')}</Table.Th>
            <Table.Th scope="col">{t('drift.after')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {sorted.map((one) => (
            <Table.Tr key={one.Path}>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>
                {one.Path}
                {one.CallersNotice && (
                  <Badge ml={6} size="sm" color={WARNING} variant="filled" tt="none">
                    {t('drift.notice')}
                  </Badge>
                )}
              </Table.Td>
              <Table.Td className="before">{valueText(one.Before)}</Table.Td>
              <Table.Td className="after">{valueText(one.After)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

export function valueText(value: unknown): string {
  if (value === undefined || value === null || value === '') return '–';
  return typeof value === 'object' ? JSON.stringify(value, null, 1) : String(value);
}
