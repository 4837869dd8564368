// Instances, and the addresses that backends see.
import { Alert, Badge, Card, Group, Select, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { egressOf, useInstances } from '../api/queries';
import { useTexts } from '../i18n';
import { CodeBlock } from '../parts/CodeBlock';
import { CopyText } from '../parts/CopyText';
import { ErrorNotice } from '../parts/ErrorNotice';
import { Facts } from '../parts/Facts';
import { Page } from '../parts/Page';

type Form = 'nftables' | 'aliyun' | 'aws' | 'plain';

export const Instances = () => <InstanceList isDedicated={false} />;
export const DedicatedInstances = () => <InstanceList isDedicated />;

function InstanceList({ isDedicated }: { isDedicated: boolean }) {
  const { t } = useTexts();
  const instances = useInstances();
  const [form, setForm] = useState<Form>('aliyun');
  const title = t(isDedicated ? 'nav.dedicated' : 'instance.title');
  const shown = instances.data?.filter((one) => (one.InstanceType ?? '').includes('DEDICATED') === isDedicated);
  if (instances.error) {
    return (
      <Page title={title}>
        <ErrorNotice error={instances.error} retry={() => void instances.refetch()} />
      </Page>
    );
  }
  return (
    <Page title={title} lead={t('instance.lead')}>
      {!instances.data && <Skeleton height={220} aria-label={t('common.loading')} />}
      {shown?.length === 0 && <Alert color="gray">{t('instance.noDedicated')}</Alert>}
      {shown?.map((instance) => {
        const egress = egressOf([instance]);
        return (
          <Card withBorder key={instance.InstanceId} p="lg">
            <Stack>
              <Group>
                <Title order={2} size="h4">
                  {instance.InstanceName || instance.InstanceId}
                </Title>
                <Badge color="teal.9" tt="none">
                  {instance.Status}
                </Badge>
              </Group>
              <Facts
                rows={[
                  [t('common.id'), <CopyText key="id" value={instance.InstanceId ?? ''} />],
                  [t('instance.type'), instance.InstanceType],
                  [t('top.region'), instance.RegionId],
                ]}
              />
              <Title order={3} size="h5">
                {t('instance.egress')}
              </Title>
              <Text size="sm" c="dimmed">
                {t('instance.egressHelp')}
              </Text>
              {egress.length === 0 ? (
                <Alert color="yellow">{t('instance.noEgress')}</Alert>
              ) : (
                <>
                  <Group>
                    {egress.map((address) => (
                      <CopyText key={address} value={address} />
                    ))}
                  </Group>
                  <Select
                    label={t('instance.rule')}
                    allowDeselect={false}
                    w={240}
                    data={[
                      { value: 'aliyun', label: 'Alibaba Cloud' },
                      { value: 'aws', label: 'AWS' },
                      { value: 'nftables', label: 'nftables' },
                      { value: 'plain', label: 'CIDR' },
                    ]}
                    value={form}
                    onChange={(value) => value && setForm(value as Form)}
                  />
                  <CodeBlock text={rules(form, egress)} />
                </>
              )}
            </Stack>
          </Card>
        );
      })}
    </Page>
  );
}

function rules(form: Form, addresses: string[]): string {
  const networks = addresses.map((address) =>
    address.includes('/') ? address : `${address}/${address.includes(':') ? 128 : 32}`,
  );
  switch (form) {
    case 'aliyun':
      return networks
        .map(
          (cidr) =>
            `aliyun ecs AuthorizeSecurityGroup --SecurityGroupId <sg> --IpProtocol tcp --PortRange 80/80 --SourceCidrIp ${cidr}`,
        )
        .join('\n');
    case 'aws':
      return networks
        .map(
          (cidr) => `aws ec2 authorize-security-group-ingress --group-id <sg> --protocol tcp --port 80 --cidr ${cidr}`,
        )
        .join('\n');
    case 'nftables':
      return networks
        .map(
          (cidr) =>
            `nft add rule inet filter input ip${cidr.includes(':') ? '6' : ''} saddr ${cidr} tcp dport 80 accept`,
        )
        .join('\n');
    default:
      return networks.join('\n');
  }
}
