// What a debug call brought: status, the layer that refused with a way to mend it, body, headers, the exact bytes, snippets.
import { Alert, Anchor, Badge, Button, Card, Group, Skeleton, Stack, Tabs, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Answer } from '../api/client';
import { useTexts } from '../i18n';
import { CodeBlock } from '../parts/CodeBlock';
import { ErrorNotice } from '../parts/ErrorNotice';
import { Refused } from './debug/Refused';
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
        {result.Refusal?.Code && <Refused refusal={result.Refusal} called={called} id={result.GatewayRequestId} />}
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

function pretty(body: string): string {
  if (!/^\s*[[{]/.test(body)) return body;
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
