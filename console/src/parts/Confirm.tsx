// A question before what cannot be undone or acts at once.
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { call, type Params } from '../api/client';
import { useTexts } from '../i18n';
import { ErrorNotice } from './ErrorNotice';

interface Props {
  opened: boolean;
  title: string;
  text: string;
  action: string;
  color?: string;
  busy: boolean;
  error: unknown;
  close: () => void;
  confirm: () => void;
  /** What would be taken away: when it was called in the last day, its name is typed first. */
  called?: { name: string; by: Params<'DescribeTraffic'> };
  /** What the question is about, under its text. */
  children?: ReactNode;
}

export function Confirm(props: Props) {
  const { t } = useTexts();
  const { calls, isKnown } = useCalls(props.called?.by, props.opened);
  const [typed, setTyped] = useState('');
  // biome-ignore lint/correctness/useExhaustiveDependencies: each question begins anew
  useEffect(() => setTyped(''), [props.opened, props.called?.name]);
  const isMeant = calls === 0 || typed.trim() === props.called?.name;
  return (
    <Modal
      opened={props.opened}
      onClose={props.close}
      title={props.title}
      size={props.children ? 'xl' : 'md'}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack>
        <Text>{props.text}</Text>
        {props.children}
        {calls > 0 && (
          <TextInput
            label={t('delete.traffic', { count: calls, name: props.called?.name ?? '' })}
            data-autofocus
            autoComplete="off"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )}
        {props.error ? <ErrorNotice error={props.error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={props.close}>
            {t('action.cancel')}
          </Button>
          <Button
            color={props.color ?? 'red.9'}
            loading={props.busy || !isKnown}
            disabled={!isMeant}
            onClick={props.confirm}
          >
            {props.action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

const DAY = 24 * 3600 * 1000;
const utc = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`;

/** How often it was called in the last day. What cannot be counted holds nobody up. */
function useCalls(by: Params<'DescribeTraffic'> | undefined, isAsked: boolean): { calls: number; isKnown: boolean } {
  const found = useQuery({
    queryKey: ['traffic', 'day', by],
    queryFn: async () => {
      const now = Date.now();
      const times = { StartTime: utc(now - DAY), EndTime: utc(now), StepSeconds: 3600 };
      return (await call('DescribeTraffic', { ...by, ...times })).Points ?? [];
    },
    enabled: by !== undefined && isAsked,
    staleTime: 0,
    gcTime: 0,
  });
  const calls = (found.data ?? []).reduce((sum, point) => sum + (point.Calls ?? 0), 0);
  return { calls, isKnown: by === undefined || !found.isLoading };
}
