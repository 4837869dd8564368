// Which gateway this is, and where programs reach it.
import { Card, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { call } from '../api/client';
import { useTexts } from '../i18n';
import { CopyText } from '../parts/CopyText';
import { ErrorNotice } from '../parts/ErrorNotice';
import { Facts } from '../parts/Facts';
import { Page } from '../parts/Page';

export function About() {
  const { t } = useTexts();
  const system = useQuery({ queryKey: ['system'], queryFn: () => call('DescribeSystem', {}) });
  return (
    <Page title={t('about.title')}>
      {system.error && <ErrorNotice error={system.error} retry={() => void system.refetch()} />}
      {!system.data && !system.error && <Skeleton height={160} aria-label={t('common.loading')} />}
      {system.data && (
        <Card withBorder>
          <Facts
            rows={[
              [t('about.version'), system.data.Version],
              [t('top.region'), system.data.RegionId],
              [t('overview.revision'), system.data.StoreRevision],
              [t('about.endpoint'), <CopyText key="endpoint" value={`http://${system.data.ManagementAddress}`} />],
            ]}
          />
          <Text size="sm" c="dimmed" mt="md">
            {t('about.sdk')}
          </Text>
        </Card>
      )}
    </Page>
  );
}
