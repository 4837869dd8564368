// What went wrong, where, and what to do: one look for every failed call.
import { Alert, Button, Group, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { ApiError } from '../api/client';
import { useTexts } from '../i18n';

export function ErrorNotice({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTexts();
  const known = error instanceof ApiError ? error : null;
  const offline = known?.status === 0;
  return (
    <Alert
      role="alert"
      color="red"
      variant="light"
      icon={<IconAlertTriangle />}
      title={offline ? t('error.offlineTitle') : (known?.code ?? t('error.title'))}
    >
      <Text size="sm">{offline ? t('error.offline') : (known?.message ?? String(error))}</Text>
      <Group mt="xs" gap="md">
        {retry && (
          <Button size="xs" variant="default" onClick={retry}>
            {t('action.retry')}
          </Button>
        )}
        {known?.requestId && (
          <Text size="xs" c="dimmed">
            {t('error.requestId', { id: known.requestId })}
          </Text>
        )}
      </Group>
    </Alert>
  );
}
