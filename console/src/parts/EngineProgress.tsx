// While something is published: which revision each engine serves, and which lag.
import { Badge, Group, Loader, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { call } from '../api/client';
import { useTexts } from '../i18n';
import { WARNING } from './StatusBadge';

export function EngineProgress() {
  const { t } = useTexts();
  const engines = useQuery({
    queryKey: ['engines', 'progress'],
    queryFn: async () => (await call('DescribeEngines', {})).Engines?.Engine ?? [],
    refetchInterval: 400,
    gcTime: 0,
  });
  const rows = engines.data ?? [];
  const serving = rows.filter((one) => (one.Lag ?? 0) === 0).length;
  return (
    <Stack gap={6} role="status" aria-live="polite">
      <Group gap="xs">
        <Loader size="xs" />
        <Text size="sm">{t('publish.progress', { serving, total: rows.length })}</Text>
      </Group>
      {rows.map((engine) => (
        <Group key={engine.Node} gap="xs">
          <Text size="sm" fw={600}>
            {engine.Node}
          </Text>
          <Badge color={(engine.Lag ?? 0) === 0 ? 'teal.9' : WARNING} tt="none">
            {(engine.Lag ?? 0) === 0 ? t('publish.serves') : t('publish.lags', { count: engine.Lag ?? 0 })}
          </Badge>
        </Group>
      ))}
    </Stack>
  );
}
