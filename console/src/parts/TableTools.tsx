// Beside a list: which columns it shows, and the list as a file.
import { ActionIcon, Checkbox, Group, Popover, Stack, Text, Tooltip } from '@mantine/core';
import { IconColumns3, IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { useTexts } from '../i18n';
import { type Column, csv } from './table';

const place = (caption: string) => `isthmus-hidden-columns-${caption}`;

/** Titles of columns that somebody does not want to see in this list; kept in the browser. */
export function useHidden(caption: string): [string[], (titles: string[]) => void] {
  const [hidden, setHidden] = useState<string[]>(() => {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(place(caption)) ?? '[]');
      return Array.isArray(kept) ? kept.map(String) : [];
    } catch {
      return [];
    }
  });
  return [
    hidden,
    (titles) => {
      localStorage.setItem(place(caption), JSON.stringify(titles));
      setHidden(titles);
    },
  ];
}

interface Props<Row> {
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  hidden: string[];
  setHidden: (titles: string[]) => void;
}

export function TableTools<Row>({ caption, columns, rows, hidden, setHidden }: Props<Row>) {
  const { t } = useTexts();
  const isShown = (title: string) => !hidden.includes(title);
  const shown = columns.filter((column) => isShown(column.title));
  return (
    <Group gap={4}>
      <Popover position="bottom-end" trapFocus withArrow>
        <Popover.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('table.columns')}>
            <IconColumns3 size={18} />
          </ActionIcon>
        </Popover.Target>
        <Popover.Dropdown>
          <Stack gap="xs">
            <Text size="sm" fw={600}>
              {t('table.columns')}
            </Text>
            {columns.map(({ title }) => (
              <Checkbox
                key={title}
                label={title}
                checked={isShown(title)}
                // One stays: a list without columns shows nothing to come back by.
                disabled={isShown(title) && shown.length === 1}
                onChange={() => setHidden(isShown(title) ? [...hidden, title] : hidden.filter((one) => one !== title))}
              />
            ))}
          </Stack>
        </Popover.Dropdown>
      </Popover>
      <Tooltip label={t('table.export')}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={t('table.export')}
          onClick={() => save(`${caption}.csv`, csv(rows, shown))}
        >
          <IconDownload size={18} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}

function save(name: string, text: string) {
  // With a mark of its encoding, by which spreadsheets know Chinese.
  const url = URL.createObjectURL(new Blob(['\ufeff', text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
