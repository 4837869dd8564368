// The steps of a decision in their order: what each looked at, what it said, by which rule, and how long it took.
import { Alert, Anchor, Badge, Group, Stack, Text, Title } from '@mantine/core';
import { IconArrowForward, IconCheck, IconMinus, IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { type Key, useTexts } from '../../i18n';
import { CodeBlock } from '../../parts/CodeBlock';
import type { Decision } from './records';
import { type Named, type Step, traceOf } from './trace';

const VERDICTS = {
  passed: { icon: IconCheck, color: 'teal.9' },
  answered: { icon: IconArrowForward, color: 'teal.9' },
  skipped: { icon: IconMinus, color: 'gray.7' },
  refused: { icon: IconX, color: 'red.9' },
  failed: { icon: IconX, color: 'red.9' },
} as const;
const STEPS = [
  'message',
  'domain',
  'stage',
  'api',
  'guard',
  'identity',
  'grant',
  'throttle',
  'plug-in',
  'backend',
  'mapping',
  'attempt',
  'answer',
];
const KEPT = ['refused', 'error', 'slow', 'sampled', 'debug', 'dry-run'];

export function Trace({ decision }: { decision: Decision }) {
  const { t } = useTexts();
  const trace = traceOf(decision);
  if (!trace) {
    return (
      <Text size="sm" c="dimmed">
        {t('trace.notKept')}
      </Text>
    );
  }
  const steps = trace.Steps ?? [];
  const longest = Math.max(1, ...steps.map((step) => step.Microseconds ?? 0));
  return (
    <Stack gap="sm" component="section" aria-label={t('trace.title')}>
      <Group justify="space-between">
        <Title order={3} size="h6">
          {t('trace.title')}
        </Title>
        {trace.Kept && KEPT.includes(trace.Kept) && (
          <Text size="xs" c="dimmed">
            {t(`trace.kept.${trace.Kept.replace('-', '_')}` as Key)}
          </Text>
        )}
      </Group>
      <ol className="trace">
        {steps.map((step, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: steps have no other name than their place
          <Row key={index} step={step} longest={longest} />
        ))}
      </ol>
      {trace.Cut && <Alert color="yellow">{t('trace.cut')}</Alert>}
      <Headers title={t('trace.requestHeaders')} headers={trace.RequestHeaders} />
      {trace.RequestBody && <CodeBlock title={t('trace.requestBody')} text={trace.RequestBody} />}
      <Headers title={t('trace.responseHeaders')} headers={trace.ResponseHeaders} />
      {trace.ResponseBody && <CodeBlock title={t('trace.responseBody')} text={trace.ResponseBody} />}
    </Stack>
  );
}

/** Words that this version does not know are shown as they are. */
function Row({ step, longest }: { step: Step; longest: number }) {
  const { t } = useTexts();
  const verdict = step.Verdict ?? '';
  const look = VERDICTS[verdict as keyof typeof VERDICTS];
  const Icon = look?.icon ?? IconMinus;
  const name = STEPS.includes(step.Step ?? '') ? t(`trace.step.${step.Step?.replace('-', '_')}` as Key) : step.Step;
  const us = step.Microseconds ?? 0;
  return (
    <li>
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <Badge circle color={look?.color ?? 'gray.7'} variant="filled" aria-hidden mt={2} miw={20}>
          <Icon size={12} style={{ display: 'block' }} />
        </Badge>
        <div style={{ flex: 1, minWidth: 0 }}>
          <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
            <Text size="sm">
              <b>{name}</b> · {look ? t(`trace.verdict.${verdict}` as Key) : verdict}
              {step.PluginId && (
                <>
                  {' · '}
                  <Anchor
                    inherit
                    underline="always"
                    renderRoot={(props) => (
                      <Link
                        {...props}
                        to="/plugins/$pluginId"
                        params={{ pluginId: step.PluginId ?? '' }}
                        search={{ tab: undefined }}
                      />
                    )}
                  >
                    {[step.PluginType, step.PluginName].filter(Boolean).join(' ')}
                  </Anchor>
                  {step.Binding && ` (${step.Binding})`}
                </>
              )}
            </Text>
            <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
              {us >= 1000 ? `${(us / 1000).toFixed(1)} ms` : `${us} µs`}
            </Text>
          </Group>
          <div className="trace-time" style={{ width: `${(100 * us) / longest}%` }} />
          {step.Rule && (
            <Text size="sm">
              {t('trace.rule')}: <b>{step.Rule}</b>
            </Text>
          )}
          {(step.Facts ?? []).length > 0 && (
            <dl className="trace-facts">
              {(step.Facts ?? []).map((fact, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a name may come twice
                <div key={index}>
                  <dt>{fact.Name}</dt>
                  <dd>{fact.Value}</dd>
                </div>
              ))}
            </dl>
          )}
        </div>
      </Group>
    </li>
  );
}

function Headers({ title, headers }: { title: string; headers: Named[] | undefined }) {
  if (!headers || headers.length === 0) return null;
  return <CodeBlock title={title} text={headers.map((header) => `${header.Name}: ${header.Value}`).join('\n')} />;
}
