// An engine tries the way to one VPC access: stop by stop with times, and, where it ends, why and what to do.
import { Alert, Badge, Button, Group, Modal, Skeleton, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { call } from '../../api/client';
import { useTexts } from '../../i18n';
import { ErrorNotice } from '../../parts/ErrorNotice';

export function TestAccess({ name, close }: { name: string; close: () => void }) {
  const { t } = useTexts();
  const test = useQuery({
    queryKey: ['accessTest', name],
    queryFn: () => call('TestVpcAccess', { Name: name }),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const result = test.data;
  return (
    <Modal
      opened
      onClose={close}
      size="xl"
      title={t('access.testTitle', { name })}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack>
        {test.isFetching && (
          <>
            <Text role="status">{t('access.testing')}</Text>
            <Skeleton height={140} />
          </>
        )}
        {!test.isFetching && test.error ? <ErrorNotice error={test.error} /> : null}
        {!test.isFetching && result && (
          <>
            <Alert color={result.Passed ? 'teal' : 'red'} role={result.Passed ? 'status' : 'alert'}>
              <Text fw={600}>{result.Passed ? t('access.passed') : `${result.Verdict} · ${result.Text}`}</Text>
              {result.Hint && <Text size="sm">{result.Hint}</Text>}
            </Alert>
            <Text size="sm" c="dimmed">
              {t('access.testedFrom', {
                engine: result.Engine ?? '',
                network: result.NetworkId ?? '',
                target: `${result.InstanceId}:${result.Port}`,
              })}
            </Text>
            <Table.ScrollContainer minWidth={420}>
              <Table fz="sm">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th scope="col">{t('access.stop')}</Table.Th>
                    <Table.Th scope="col">{t('access.source')}</Table.Th>
                    <Table.Th scope="col">{t('audit.outcome')}</Table.Th>
                    <Table.Th scope="col">µs</Table.Th>
                    <Table.Th scope="col">{t('audit.details')}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {(result.Stops ?? []).map((stop) => (
                    <Table.Tr key={`${stop.Source}${stop.Stop}`}>
                      <Table.Th scope="row">{stop.Stop}</Table.Th>
                      <Table.Td>{stop.Source || '–'}</Table.Td>
                      <Table.Td>
                        <Badge color={stop.Passed ? 'teal.9' : 'red.9'} tt="none">
                          {t(stop.Passed ? 'bulk.good' : 'bulk.bad')}
                        </Badge>
                      </Table.Td>
                      <Table.Td>{stop.Microseconds}</Table.Td>
                      <Table.Td style={{ overflowWrap: 'anywhere' }}>{stop.Problem || stop.Detail}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </>
        )}
        <Group justify="flex-end">
          <Button variant="default" loading={test.isFetching} onClick={() => void test.refetch()}>
            {t('access.again')}
          </Button>
          <Button onClick={close}>{t('action.close')}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
