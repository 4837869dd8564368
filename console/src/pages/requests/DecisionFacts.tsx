// What is known of one request, in the order and with the words of `isthmus why`.
import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTexts } from '../../i18n';
import { useRefusalWords } from '../debug/refusalWords';
import { type Decision, joined, milliseconds, named } from './records';

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
