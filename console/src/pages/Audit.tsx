// The audit trail: who changed what, when, from where and through what; a page at a time, as the server has it.
import { Badge, Button, Group, Modal, Pagination, Paper, Select, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Answer, call } from '../api/client';
import { when } from '../api/queries';
import { useTexts } from '../i18n';
import { CodeBlock } from '../parts/CodeBlock';
import { DataTable } from '../parts/DataTable';
import { Differences } from '../parts/Differences';
import { Page } from '../parts/Page';

type Event = NonNullable<Answer<'DescribeAuditEvents'>['AuditEvents']>[number];
const SIZE = 25;
// Any other outcome is the code of an error.
const DONE = 'Success';

export function Audit() {
  const { t } = useTexts();
  const [page, setPage] = useState(1);
  const [typed, setTyped] = useState({ actor: '', operation: '', subject: '', client: '', outcome: '' });
  const [wanted] = useDebouncedValue(typed, 300);
  const [shown, setShown] = useState<Event | null>(null);
  const events = useQuery({
    queryKey: ['audit', wanted, page],
    queryFn: () =>
      call('DescribeAuditEvents', {
        Actor: wanted.actor.trim() || undefined,
        Operation: wanted.operation.trim() || undefined,
        Subject: wanted.subject.trim() || undefined,
        Client: wanted.client || undefined,
        Outcome: wanted.outcome || undefined,
        PageNumber: page,
        PageSize: SIZE,
      }),
    placeholderData: keepPreviousData,
  });
  const change = (changes: Partial<typeof typed>) => {
    setTyped({ ...typed, ...changes });
    setPage(1);
  };
  const total = events.data?.TotalCount ?? 0;
  const pages = Math.max(1, Math.ceil(total / SIZE));
  return (
    <Page title={t('audit.title')} lead={t('audit.lead')}>
      <Group align="flex-end">
        {(['actor', 'operation', 'subject'] as const).map((field) => (
          <TextInput
            key={field}
            label={t(`audit.${field}`)}
            placeholder={t(`audit.${field}Hint`)}
            value={typed[field]}
            onChange={(event) => change({ [field]: event.currentTarget.value })}
          />
        ))}
        <Select
          label={t('audit.client')}
          data={[
            { value: '', label: t('audit.any') },
            ...['console', 'sdk', 'cli', 'terraform', 'isthmus', 'other'].map((value) => ({ value, label: value })),
          ]}
          allowDeselect={false}
          value={typed.client}
          onChange={(value) => change({ client: value ?? '' })}
        />
        <Select
          label={t('audit.outcome')}
          data={[
            { value: '', label: t('audit.any') },
            { value: DONE, label: t('audit.success') },
          ]}
          allowDeselect={false}
          value={typed.outcome}
          onChange={(value) => change({ outcome: value ?? '' })}
        />
      </Group>
      <DataTable
        caption={t('audit.title')}
        total={total}
        rows={events.data && (events.data.AuditEvents ?? [])}
        error={events.error}
        retry={() => void events.refetch()}
        rowKey={(event) => String(event.EventId)}
        empty={<Text>{t('audit.empty')}</Text>}
        columns={[
          { title: t('audit.time'), cell: (event) => when(event.Time) },
          {
            title: t('audit.actor'),
            cell: (event) => (
              <>
                <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
                  {event.Actor?.replace(/^user:/, '')}
                </Text>
                <Text size="xs" c="dimmed">
                  {event.Role}
                </Text>
              </>
            ),
          },
          {
            title: t('audit.operation'),
            cell: (event) => (
              <>
                <Text size="sm">{event.Operation}</Text>
                <Text size="xs" c="dimmed" lineClamp={2}>
                  {event.Message}
                </Text>
              </>
            ),
          },
          { title: t('audit.client'), cell: (event) => event.Client },
          { title: t('audit.from'), cell: (event) => event.SourceAddress },
          { title: t('audit.outcome'), cell: (event) => <Outcome event={event} /> },
          {
            title: t('audit.details'),
            cell: (event) => (
              <Button size="compact-sm" variant="subtle" onClick={() => setShown(event)}>
                {t('action.show')}
              </Button>
            ),
          },
        ]}
      />
      {pages > 1 && (
        <Group justify="flex-end">
          <Pagination
            total={pages}
            value={page}
            onChange={setPage}
            size="sm"
            getControlProps={(control) => ({ 'aria-label': t(control === 'next' ? 'action.next' : 'action.back') })}
          />
        </Group>
      )}
      {shown && <Details event={shown} close={() => setShown(null)} />}
    </Page>
  );
}

function Outcome({ event }: { event: Event }) {
  const { t } = useTexts();
  const done = event.Outcome === DONE;
  return (
    <Badge color={done ? 'teal.9' : 'red.9'} variant="filled" tt="none">
      {done ? t('audit.success') : event.Outcome}
    </Badge>
  );
}

function Details({ event, close }: { event: Event; close: () => void }) {
  const { t } = useTexts();
  const changes = event.Changes ?? [];
  return (
    <Modal
      opened
      onClose={close}
      size="xl"
      title={event.Operation}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack>
        <Group gap="xs">
          <Outcome event={event} />
          <Text size="sm">
            {event.Actor} · {when(event.Time)} · {event.UserAgent}
          </Text>
        </Group>
        {event.Message && <Text size="sm">{event.Message}</Text>}
        <Text size="sm" c="dimmed">
          {t('error.requestId', { id: event.RequestId ?? '' })}
        </Text>
        <CodeBlock title={t('audit.parameters')} text={readable(event.Parameters)} />
        <Title order={3} size="h6">
          {t('audit.changes')}
        </Title>
        {changes.length === 0 && <Text c="dimmed">{t('audit.noChanges')}</Text>}
        {changes.map((change) => (
          <Paper key={`${change.Kind}/${change.Key}`} withBorder p="sm">
            <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
              {change.Kind} {change.Key}
            </Text>
            <Differences found={change.Differences ?? []} />
          </Paper>
        ))}
      </Stack>
    </Modal>
  );
}

function readable(text: string | undefined): string {
  try {
    return JSON.stringify(JSON.parse(text ?? '{}'), null, 2);
  } catch {
    return text ?? '';
  }
}
