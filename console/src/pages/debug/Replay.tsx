// A recorded request made again: its method, path and query go into the form, and what is not kept is said.
import { Alert, Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useTexts } from '../../i18n';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { useDecision } from '../requests/useDecision';
import { type Replayed, replayed } from './replayed';

export function Replay({ id, fill }: { id: string; fill: (request: Replayed) => void }) {
  const { t } = useTexts();
  const decision = useDecision(id);
  const filled = useRef('');
  useEffect(() => {
    if (!decision.data || filled.current === id) return;
    filled.current = id;
    fill(replayed(decision.data));
  });
  if (decision.error) return <ErrorNotice error={decision.error} retry={() => void decision.refetch()} />;
  if (!decision.data) return null;
  const { masked, isWhole, body } = replayed(decision.data);
  return (
    <Alert role="status" title={t('replay.title')}>
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {t('replay.filled', { id })} {masked.length > 0 && t('replay.masked', { names: masked.join(', ') })}{' '}
        {!isWhole ? t('replay.notKept') : !body && Boolean(decision.data.RequestBytes) && t('replay.noBody')}
      </Text>
      <Anchor
        size="sm"
        c="inherit"
        underline="always"
        renderRoot={(props) => <Link {...props} to="/requests" search={{ id }} />}
      >
        {t('replay.why')}
      </Anchor>
    </Alert>
  );
}
