// The addresses that backends see, and the rule that lets exactly them in, in several notations.
import { Alert, Group, Select, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { egressOf, type Instance } from '../../api/queries';
import { useTexts } from '../../i18n';
import { CodeBlock } from '../../parts/CodeBlock';
import { CopyText } from '../../parts/CopyText';

type Form = 'nftables' | 'aliyun' | 'aws' | 'plain';

export function Egress({ instance }: { instance: Instance }) {
  const { t } = useTexts();
  const [form, setForm] = useState<Form>('aliyun');
  const egress = egressOf([instance]);
  return (
    <>
      <Title order={3} size="h5">
        {t('instance.egress')}
      </Title>
      <Text size="sm" c="dimmed">
        {t('instance.egressHelp')}
      </Text>
      {egress.length === 0 ? (
        <Alert color="yellow" role="status">
          {t('instance.noEgress')}
        </Alert>
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
    </>
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
