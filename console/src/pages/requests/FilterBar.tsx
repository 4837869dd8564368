// What narrows the list of requests: each field is a part of the page's address.
import { Button, Group, Select, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';
import { useApis, useApps, useGroups } from '../../api/queries';
import { type Key, useTexts } from '../../i18n';
import { useStageOptions } from '../../parts/stages';
import { DEFAULT_RANGE, type Filters, RANGES } from './records';

const CLASSES = ['2xx', '3xx', '4xx', '5xx'];
const OWN_TIMES = 'own';

interface Props {
  filters: Filters;
  change: (changes: Filters) => void;
}

export function FilterBar({ filters, change }: Props) {
  const { t } = useTexts();
  const apis = useApis();
  const groups = useGroups();
  const apps = useApps();
  const stages = useStageOptions();
  const [times, setTimes] = useState(Boolean(filters.from || filters.to));
  const isNarrowed = Object.values(filters).some(Boolean);
  const select = (name: 'api' | 'group' | 'stage' | 'app' | 'class', label: Key, data: Option[]) => (
    <Select
      size="sm"
      label={t(label)}
      placeholder={t('requests.all')}
      data={withChosen(data, filters[name])}
      value={filters[name] ?? null}
      onChange={(value) => change({ [name]: value ?? undefined })}
      clearable
      clearButtonProps={{ 'aria-label': `${t(label)}: ${t('action.remove')}` }}
      searchable={name !== 'class'}
    />
  );
  return (
    <Stack gap="sm" component="section" aria-label={t('requests.filters')}>
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} spacing="sm" verticalSpacing="xs">
        <Select
          size="sm"
          label={t('requests.range')}
          allowDeselect={false}
          data={[
            ...Object.keys(RANGES).map((range) => ({ value: range, label: t(`range.${range}` as Key) })),
            { value: OWN_TIMES, label: t('requests.between') },
          ]}
          value={times ? OWN_TIMES : (filters.range ?? DEFAULT_RANGE)}
          onChange={(value) => {
            setTimes(value === OWN_TIMES);
            if (value !== OWN_TIMES) change({ range: value ?? undefined, from: undefined, to: undefined });
          }}
        />
        {select(
          'class',
          'requests.column.status',
          CLASSES.map((one) => ({ value: one, label: one })),
        )}
        {select(
          'api',
          'requests.column.api',
          (apis.data ?? []).map((api) => ({ value: api.ApiId ?? '', label: `${api.ApiName} (${api.GroupName})` })),
        )}
        {select(
          'group',
          'api.group',
          (groups.data ?? []).map((group) => ({ value: group.GroupId ?? '', label: group.GroupName ?? '' })),
        )}
        {select('stage', 'common.stage', stages)}
        {select(
          'app',
          'requests.column.app',
          (apps.data ?? []).map((app) => ({ value: String(app.AppId), label: `${app.AppName} (${app.AppId})` })),
        )}
        <Typed label={t('requests.code')} value={filters.code} change={(code) => change({ code })} />
        <Typed label={t('requests.client')} value={filters.client} change={(client) => change({ client })} />
        <Typed label={t('requests.slow')} value={filters.slow} change={(slow) => change({ slow })} numeric />
      </SimpleGrid>
      {times && (
        <Group align="flex-end" gap="sm">
          <Typed
            label={t('requests.from')}
            value={filters.from}
            change={(from) => change({ from })}
            type="datetime-local"
          />
          <Typed label={t('requests.to')} value={filters.to} change={(to) => change({ to })} type="datetime-local" />
        </Group>
      )}
      {isNarrowed && (
        <Button
          variant="subtle"
          size="compact-sm"
          w="fit-content"
          onClick={() => {
            setTimes(false);
            change(Object.fromEntries(Object.keys(filters).map((name) => [name, undefined])));
          }}
        >
          {t('requests.clear')}
        </Button>
      )}
    </Stack>
  );
}

interface Option {
  value: string;
  label: string;
}

/** Also what was deleted since, or is not loaded yet: requests of it are still there. */
function withChosen(data: Option[], chosen: string | undefined): Option[] {
  return chosen && !data.some((one) => one.value === chosen) ? [...data, { value: chosen, label: chosen }] : data;
}

interface TypedProps {
  label: string;
  value: string | undefined;
  change: (value: string | undefined) => void;
  type?: string;
  numeric?: boolean;
}

/** A field whose text counts when the reader pauses. */
function Typed({ label, value, change, type, numeric }: TypedProps) {
  const [text, setText] = useState(value ?? '');
  const [known, setKnown] = useState(value);
  const later = useDebouncedCallback(change, 400);
  // The address changed by other means.
  if (known !== value) {
    setKnown(value);
    setText(value ?? '');
  }
  return (
    <TextInput
      size="sm"
      label={label}
      type={type}
      inputMode={numeric ? 'numeric' : undefined}
      value={text}
      onChange={(event) => {
        const typed = numeric ? event.currentTarget.value.replace(/\D/g, '') : event.currentTarget.value;
        setText(typed);
        later(typed || undefined);
      }}
    />
  );
}
