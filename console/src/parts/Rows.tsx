// A grid of small objects that one edits in place. Invariant: fields that it does not show stay, and so do rows nobody touched.
import { ActionIcon, Button, Group, Select, Table, Text, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useTexts } from '../i18n';

export type Row = Record<string, unknown>;

export interface Cell {
  field: string;
  label: string;
  /** Chosen from these; what is stored and not among them is offered, too. */
  options?: string[];
  isNumber?: boolean;
  /** Without a value the field is left out. */
  isOptional?: boolean;
  width?: number;
  placeholder?: string;
}

interface Props {
  title: string;
  hint?: string;
  rows: Row[];
  cells: Cell[];
  change: (rows: Row[]) => void;
  /** What a new row starts with. */
  fresh: Row;
  addLabel?: string;
}

export function Rows({ title, hint, rows, cells, change, fresh, addLabel }: Props) {
  const { t } = useTexts();
  const set = (at: number, cell: Cell, text: string) =>
    change(rows.map((row, index) => (index === at ? withValue(row, cell, text) : row)));
  return (
    <div>
      <Group justify="space-between" align="flex-end" mb={rows.length > 0 ? 4 : 0}>
        <div>
          <Text fw={600} size="sm">
            {title}
          </Text>
          {hint && (
            <Text size="xs" c="dimmed">
              {hint}
            </Text>
          )}
        </div>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} />}
          aria-label={`${addLabel ?? t('action.add')}: ${title}`}
          onClick={() => change([...rows, fresh])}
        >
          {addLabel ?? t('action.add')}
        </Button>
      </Group>
      {rows.length > 0 && (
        <Table.ScrollContainer minWidth={cells.length * 130}>
          <Table verticalSpacing={4} horizontalSpacing={6}>
            <Table.Thead>
              <Table.Tr>
                {cells.map((cell) => (
                  <Table.Th key={cell.field} scope="col" w={cell.width}>
                    {cell.label}
                  </Table.Th>
                ))}
                <Table.Th scope="col" w={44}>
                  <span className="hidden">{t('action.remove')}</span>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows have no identity while they are typed
                <Table.Tr key={index}>
                  {cells.map((cell) => (
                    <Table.Td key={cell.field}>
                      <Value
                        cell={cell}
                        value={text(row[cell.field])}
                        label={`${title}: ${cell.label} ${index + 1}`}
                        change={(value) => set(index, cell, value)}
                      />
                    </Table.Td>
                  ))}
                  <Table.Td>
                    <ActionIcon
                      variant="subtle"
                      color="red"
                      aria-label={`${t('action.remove')} ${title} ${index + 1}`}
                      onClick={() => change(rows.filter((_, at) => at !== index))}
                    >
                      <IconTrash size={16} />
                    </ActionIcon>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </div>
  );
}

function Value(props: { cell: Cell; value: string; label: string; change: (value: string) => void }) {
  const { cell, value, label, change } = props;
  if (cell.options) {
    const known = cell.options.find((one) => one.toUpperCase() === value.toUpperCase());
    return (
      <Select
        aria-label={label}
        data={known || value === '' ? cell.options : [...cell.options, value]}
        allowDeselect={cell.isOptional === true}
        value={known ?? (value || null)}
        onChange={(chosen) => change(chosen ?? '')}
      />
    );
  }
  return (
    <TextInput
      aria-label={label}
      inputMode={cell.isNumber ? 'numeric' : undefined}
      placeholder={cell.placeholder}
      value={value}
      onChange={(event) => change(event.currentTarget.value)}
    />
  );
}

const text = (value: unknown) => (value === undefined || value === null ? '' : String(value));

/** What is no number stays a text, so that the server can say what is wrong with it. */
function withValue(row: Row, cell: Cell, typed: string): Row {
  const { [cell.field]: _old, ...others } = row;
  if (typed === '' && (cell.isOptional || cell.isNumber)) return others;
  const isNumber = cell.isNumber && /^-?\d+$/.test(typed);
  return { ...row, [cell.field]: isNumber ? Number(typed) : typed };
}
