// One request: what was asked, what decided, with which times and what to do; the same words as `isthmus why`.
import { Button, Drawer, Group, Skeleton, Stack, Text } from '@mantine/core';
import { IconBug } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTexts } from '../../i18n';
import { CodeBlock } from '../../parts/CodeBlock';
import { CopyText } from '../../parts/CopyText';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { StatusBadge } from '../../parts/StatusBadge';
import { placeOf } from '../debug/Refused';
import { DecisionFacts } from './DecisionFacts';
import { type Decision, target } from './records';
import { Trace } from './Trace';
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
      <Trace decision={decision} />
      <CodeBlock title={t('requests.cli')} text={`isthmus why ${decision.RequestId ?? ''}`} />
    </>
  );
}
