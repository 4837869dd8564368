// Connectors of other networks: who may come in through the hub, who is there, and the command that lets another one in.
import { Badge, Button, Card, Code, Group, Modal, Select, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Answer, call } from '../../api/client';
import { useNetworks, when } from '../../api/queries';
import { type Key, useTexts } from '../../i18n';
import { Copy } from '../../parts/CopyText';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { ResourceSection } from '../../parts/Resource';
import { useSave } from '../../parts/useSave';

type Connector = NonNullable<Answer<'DescribeConnectors'>['Connectors']>[number];

export function Connectors() {
  const { t } = useTexts();
  const answer = useQuery({
    queryKey: ['connectors'],
    queryFn: () => call('DescribeConnectors', {}),
    refetchInterval: 5_000,
  });
  if (answer.data && !answer.data.HubAddress) {
    return (
      <Card withBorder mt="lg">
        <Title order={2} size="h5">
          {t('connector.title')}
        </Title>
        <Text size="sm" c="dimmed">
          {t('connector.noHub')} <Code>--hub 0.0.0.0:7443</Code>
        </Text>
      </Card>
    );
  }
  return (
    <Stack mt="lg">
      <ResourceSection<Connector>
        title={t('connector.title')}
        lead={t('connector.lead', { hub: answer.data?.HubAddress ?? '…' })}
        list={{ data: answer.data?.Connectors, error: answer.error, refetch: answer.refetch }}
        rowKey={(one) => one.ConnectorId ?? ''}
        searched={(one) => `${one.ConnectorId} ${one.NetworkId} ${one.Name}`}
        empty={t('connector.empty')}
        create={{ label: t('connector.create'), form: (close) => <ConnectDialog close={close} /> }}
        remove={{
          name: (one) => `${one.Name} (${one.ConnectorId})`,
          text: t('connector.revokeText'),
          run: (one) => call('RevokeConnector', { ConnectorId: one.ConnectorId ?? '' }),
          stale: ['connectors', 'networks'],
          label: t('connector.revoke'),
        }}
        columns={[
          {
            title: t('common.name'),
            cell: (one) => (
              <Stack gap={0}>
                <Text fw={600}>{one.Name}</Text>
                <Text size="xs" c="dimmed">
                  {one.ConnectorId}
                </Text>
              </Stack>
            ),
          },
          { title: t('connector.network'), cell: (one) => one.NetworkId },
          {
            title: t('overview.state'),
            cell: (one) => (
              <Badge color={one.State === 'CONNECTED' ? 'teal.9' : 'gray.8'} tt="none">
                {t(`connector.state.${one.State}` as Key)}
              </Badge>
            ),
          },
          { title: t('instance.egress'), cell: (one) => (one.EgressAddresses ?? []).join(', ') || '–' },
          { title: t('connector.from'), cell: (one) => one.Address ?? '–' },
          { title: t('connector.seen'), cell: (one) => when(one.SeenTime) },
        ]}
      />
    </Stack>
  );
}

/** The command holds a token that is good once: it is shown here and nowhere again. */
function ConnectDialog({ close }: { close: () => void }) {
  const { t } = useTexts();
  const networks = useNetworks();
  const [network, setNetwork] = useState<string | null>(null);
  const made = useSave({
    run: (id: string) => call('CreateConnectorToken', { NetworkId: id }),
    stale: [],
  });
  const remote = (networks.data ?? []).filter((one) => one.IsRemote).map((one) => one.NetworkId ?? '');
  return (
    <Modal
      opened
      onClose={close}
      size="lg"
      title={t('connector.create')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack>
        <Select
          label={t('connector.network')}
          description={t('connector.networkHint')}
          data={remote}
          value={network}
          disabled={made.data !== undefined}
          onChange={setNetwork}
        />
        {made.data && (
          <Stack gap="xs">
            <Text fw={600}>{t('connector.run', { network: network ?? '' })}</Text>
            <Group wrap="nowrap" align="flex-start">
              <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }} data-testid="connect-command">
                {made.data.Command}
              </Code>
              <Copy value={made.data.Command ?? ''} />
            </Group>
            <Text size="sm">{t('connector.once', { time: when(made.data.ExpireTime) })}</Text>
          </Stack>
        )}
        {made.error ? <ErrorNotice error={made.error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t('action.close')}
          </Button>
          {!made.data && (
            <Button
              disabled={network === null}
              loading={made.isPending}
              onClick={() => network !== null && made.mutate(network)}
            >
              {t('connector.show')}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
