// One request: what was asked, what decided, with which times and what to do; the same words as `isthmus why`.
import { Anchor, Button, Drawer, Group, Skeleton, Stack, Text } from '@mantine/core';
import { IconBug } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTexts } from '../../i18n';
import { CodeBlock } from '../../parts/CodeBlock';
import { CopyText } from '../../parts/CopyText';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { StatusBadge } from '../../parts/StatusBadge';
import { placeOf } from '../DebugAnswer';
import { useRefusalWords } from '../debug/refusalWords';
import { type Decision, joined, milliseconds, named, target } from './records';
import { useDecision } from './useDecision';

export function RecordDrawer({ id, close }: { id: string; close: () => void }) {
  const { t } = useTexts();
  const decision = useDecision(id);
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size="xl"
      title={t('requests.why')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack>
        <CopyText value={id} />
        {decision.error && <ErrorNotice error={decision.error} retry={() => void decision.refetch()} />}
        {decision.isPending && <Skeleton height={320} radius="md" aria-label={t('common.loading')} />}
        {decision.data && <Told decision={decision.data} />}
      </Stack>
    </Drawer>
  );
}

function Told({ decision }: { decision: Decision }) {
  const { t } = useTexts();
  const place = placeOf(decision.Explanation?.Link ?? '', {
    groupId: decision.GroupId ?? '',
    apiId: decision.ApiId ?? '',
    appId: decision.AppId ? String(decision.AppId) : '',
  });
  // What happened before the API was known leads to no API.
  const leads = place && (decision.ApiId || !place.to.startsWith('/apis/'));
  return (
    <>
      <Group gap="sm" align="flex-start" wrap="nowrap">
        <StatusBadge status={decision.Status ?? 0} />
        <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
          {decision.ErrorCode} {decision.Method} {target(decision)}
        </Text>
      </Group>
      <DecisionFacts decision={decision} />
      <Group gap="sm">
        {leads && (
          <Button
            size="sm"
            renderRoot={(props) => <Link {...props} to={place.to as '/'} search={place.search as never} />}
          >
            {t('debug.open', { place: place.name(t) })}
          </Button>
        )}
        {decision.ApiId && (
          <Button
            size="sm"
            variant="default"
            leftSection={<IconBug size={16} />}
            renderRoot={(props) => (
              <Link
                {...props}
                to="/debug"
                search={{ api: decision.ApiId, stage: decision.Stage, replay: decision.RequestId }}
              />
            )}
          >
            {t('requests.replay')}
          </Button>
        )}
      </Group>
      <CodeBlock title={t('requests.cli')} text={`isthmus why ${decision.RequestId ?? ''}`} />
    </>
  );
}

/** Names and values, in the order of `isthmus why`. */
export function DecisionFacts({ decision }: { decision: Decision }) {
  const { t } = useTexts();
  const words = useRefusalWords();
  const { title, fix, layer } = words(decision.ErrorCode ?? '', decision.Explanation ?? {});
  const api = decision.ApiId && (
    <Anchor
      inherit
      renderRoot={(props) => (
        <Link
          {...props}
          to="/apis/$groupId/$apiId"
          params={{ groupId: decision.GroupId ?? '', apiId: decision.ApiId ?? '' }}
          search={{ tab: undefined, publish: undefined }}
        />
      )}
    >
      {named(decision.ApiName, decision.ApiId)}
    </Anchor>
  );
  const engine = t('requests.where', {
    node: decision.Node ?? '?',
    scheme: decision.Scheme ?? '',
    client: decision.ClientIp ?? '?',
  });
  const rows: Array<[string, ReactNode]> = [
    [t('requests.fact.when'), joined(decision.Time, useTimes(decision))],
    [t('requests.fact.where'), engine],
    [t('api.group'), named(decision.GroupName, decision.GroupId)],
    [t('requests.column.api'), api],
    [
      t('common.stage'),
      joined(decision.Stage, decision.Version && t('requests.edition', { version: decision.Version })),
    ],
    [
      t('requests.column.app'),
      joined(named(decision.AppName, decision.AppId), decision.AppKey && t('requests.key', { key: decision.AppKey })),
    ],
    [t('requests.fact.backend'), decision.Backend],
    [t('requests.fact.decidedBy'), joined(layer, decision.Plugin)],
    [t('requests.fact.said'), decision.ErrorMessage],
    [t('requests.fact.detail'), decision.Detail],
    [t('requests.fact.means'), title],
    [t('debug.fix'), fix],
    [
      t('requests.fact.sizes'),
      t('requests.sizes', { in: decision.RequestBytes ?? 0, out: decision.ResponseBytes ?? 0 }),
    ],
    [t('requests.fact.completed'), decision.Completed === false ? t('requests.brokenOff') : ''],
  ];
  return (
    <dl className="facts">
      {rows
        .filter(([, value]) => Boolean(value))
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className={typeof value === 'string' && value.includes('\n') ? 'aligned' : undefined}>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function useTimes(decision: Decision): string {
  const { t } = useTexts();
  const total = milliseconds(decision.TotalUs);
  if (!decision.BeforeBackendUs) return t('requests.noBackend', { total });
  const told = t('requests.times', {
    total,
    before: milliseconds(decision.BeforeBackendUs),
    backend: milliseconds(decision.BackendUs),
  });
  return decision.ConnectUs ? `${told} ${t('requests.connect', { connect: milliseconds(decision.ConnectUs) })}` : told;
}
