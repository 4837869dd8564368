// What a debug call brought: status, the layer that refused with a way to mend it, body, headers, the exact bytes, snippets.
import { Alert, Anchor, Badge, Button, Card, Group, Skeleton, Stack, Tabs, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Answer } from '../api/client';
import { useTexts } from '../i18n';
import { CodeBlock } from '../parts/CodeBlock';
import { ErrorNotice } from '../parts/ErrorNotice';
import { useRefusalWords } from './debug/refusalWords';
import { Snippets } from './debug/Snippets';
import { readSent } from './debug/snippets';
import { DecisionFacts } from './requests/DecisionFacts';
import { Trace } from './requests/Trace';
import { useDecision } from './requests/useDecision';

type Result = Answer<'DebugApi'>;

/** What was called, for links and snippets. */
export interface Called {
  groupId: string;
  apiId: string;
  appId: string;
  stage: string;
  auth: string;
  body: string;
}

export function DebugAnswer({ result, called }: { result: Result; called: Called }) {
  const { t } = useTexts();
  const status = result.Status ?? 0;
  const headers = (result.Headers ?? []).map((header) => `${header.Name}: ${header.Value}`).join('\n');
  return (
    <Card withBorder p="lg">
      <Stack>
        <Group>
          <Title order={2} size="h4">
            {t('debug.response')}
          </Title>
          <Badge size="lg" color={status < 400 ? 'teal.9' : 'red.9'} variant="filled" data-testid="status">
            {status}
          </Badge>
          <Text c="dimmed">{t('debug.milliseconds', { ms: result.Milliseconds ?? 0 })}</Text>
          {result.GatewayRequestId && (
            <Text c="dimmed" size="sm">
              {t('error.requestId', { id: result.GatewayRequestId })}
            </Text>
          )}
          {result.GatewayRequestId && (
            <Anchor
              size="sm"
              renderRoot={(props) => <Link {...props} to="/requests" search={{ id: result.GatewayRequestId }} />}
            >
              {t('replay.why')}
            </Anchor>
          )}
        </Group>
        {result.Refusal?.Code && <Refused refusal={result.Refusal} called={called} />}
        {!result.Refusal?.Code && status >= 400 && <Alert color="yellow">{t('debug.fromBackend')}</Alert>}
        {result.Truncated && <Alert color="yellow">{t('debug.truncated', { size: result.BodyLength ?? 0 })}</Alert>}
        <Tabs defaultValue="body">
          <Tabs.List>
            <Tabs.Tab value="body">{t('debug.body')}</Tabs.Tab>
            <Tabs.Tab value="headers">{t('debug.headers')}</Tabs.Tab>
            <Tabs.Tab value="sent">{t('debug.sent')}</Tabs.Tab>
            <Tabs.Tab value="code">{t('debug.snippets')}</Tabs.Tab>
            {result.GatewayRequestId && <Tabs.Tab value="why">{t('trace.tab')}</Tabs.Tab>}
          </Tabs.List>
          <Tabs.Panel value="body" pt="md">
            {result.BodyEncoding === 'base64' ? (
              <Binary result={result} />
            ) : (
              <CodeBlock text={pretty(result.Body ?? '') || ' '} />
            )}
          </Tabs.Panel>
          <Tabs.Panel value="headers" pt="md">
            <CodeBlock text={headers} />
          </Tabs.Panel>
          <Tabs.Panel value="sent" pt="md">
            <Stack>
              <CodeBlock text={result.Sent ?? ''} />
              {result.StringToSign && <CodeBlock title="StringToSign" text={result.StringToSign} />}
            </Stack>
          </Tabs.Panel>
          <Tabs.Panel value="code" pt="md">
            <Snippets sent={readSent(result.Sent ?? '', called, result.StringToSign)} />
          </Tabs.Panel>
          {result.GatewayRequestId && (
            <Tabs.Panel value="why" pt="md">
              <Why id={result.GatewayRequestId} />
            </Tabs.Panel>
          )}
        </Tabs>
      </Stack>
    </Card>
  );
}

/** What decided about the call, step by step. */
function Why({ id }: { id: string }) {
  const { t } = useTexts();
  const decision = useDecision(id);
  if (decision.error) return <ErrorNotice error={decision.error} retry={() => void decision.refetch()} />;
  if (!decision.data) return <Skeleton height={160} aria-label={t('common.loading')} />;
  return (
    <Stack>
      <DecisionFacts decision={decision.data} />
      <Trace decision={decision.data} />
    </Stack>
  );
}

/** What is not text is offered as a file. */
function Binary({ result }: { result: Result }) {
  const { t } = useTexts();
  return (
    <Group>
      <Text>{t('debug.binary', { size: result.BodyLength ?? 0 })}</Text>
      <Button
        size="xs"
        variant="default"
        component="a"
        download="answer"
        href={`data:application/octet-stream;base64,${result.Body ?? ''}`}
      >
        {t('debug.download')}
      </Button>
    </Group>
  );
}

function Refused({ refusal, called }: { refusal: NonNullable<Result['Refusal']>; called: Called }) {
  const { t } = useTexts();
  const { title, fix, layer } = useRefusalWords()(refusal.Code ?? '', refusal);
  const place = placeOf(refusal.Link ?? '', called);
  return (
    <Alert color="red" role="alert" title={`${refusal.Code} · ${title}`}>
      <Stack gap={6}>
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {refusal.Message}
        </Text>
        <Text size="sm">
          <b>{t('debug.layer')}:</b> {layer}
        </Text>
        <Text size="sm">
          <b>{t('debug.fix')}:</b> {fix}
        </Text>
        {place && (
          <Button
            size="xs"
            variant="default"
            w="fit-content"
            renderRoot={(props) => <Link {...props} to={place.to as '/'} search={place.search as never} />}
          >
            {t('debug.open', { place: place.name(t) })}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

interface Place {
  to: string;
  search?: Record<string, string>;
  name: (t: ReturnType<typeof useTexts>['t']) => string;
}

/** The page that mends a refusal, by the name of its place; none for what is mended on this page. */
export function placeOf(link: string, called: Pick<Called, 'groupId' | 'apiId' | 'appId'>): Place | undefined {
  const api = `/apis/${called.groupId}/${called.apiId}`;
  const places: Record<string, Place> = {
    api: { to: `${api}/edit`, name: (t) => t('nav.apis') },
    'api.publish': { to: api, search: { publish: 'yes' }, name: (t) => t('api.publish') },
    'api.authorize': { to: api, search: { tab: 'authorization' }, name: (t) => t('api.authorization') },
    'api.plugins': { to: api, search: { tab: 'plugins' }, name: (t) => t('api.plugins') },
    app: { to: called.appId ? `/apps/${called.appId}` : '/apps', name: (t) => t('nav.apps') },
    group: { to: `/groups/${called.groupId}`, name: (t) => t('api.group') },
    domains: { to: `/groups/${called.groupId}`, search: { tab: 'domains' }, name: (t) => t('group.domains') },
    vpc: { to: '/vpcs', name: (t) => t('nav.vpcs') },
    plugins: { to: '/plugins', name: (t) => t('nav.plugins') },
  };
  return places[link];
}

function pretty(body: string): string {
  if (!/^\s*[[{]/.test(body)) return body;
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
