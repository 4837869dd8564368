// Domains of one's own: which host leads to which group, with which certificate.
import { Anchor, Badge, Button, Group, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../../api/client';
import { useTexts } from '../../i18n';
import { ResourcePage, ResourceSection } from '../../parts/Resource';
import { WARNING } from '../../parts/StatusBadge';
import { stageLabel } from '../../parts/stages';
import { BindDomain } from './BindDomain';
import { Certificate } from './Certificate';
import { type Domain, expiryOf, useDomains } from './queries';

export const Domains = () => <DomainList />;

/** Of all groups, or, as a part of a page, those of one. */
export function DomainList({ groupId }: { groupId?: string }) {
  const { t } = useTexts();
  const domains = useDomains();
  const [certifying, setCertifying] = useState<Domain | null>(null);
  const Frame = groupId ? ResourceSection : ResourcePage;
  const mine = domains.data?.filter((one) => !groupId || one.GroupId === groupId);
  return (
    <>
      <Frame
        title={t('domain.title')}
        lead={t('domain.lead')}
        list={{ data: mine, error: domains.error, refetch: domains.refetch }}
        rowKey={(domain) => domain.DomainName ?? ''}
        searched={(domain) => `${domain.DomainName} ${domain.GroupName} ${domain.CertificateName}`}
        empty={t('domain.empty')}
        create={{ label: t('domain.bind'), form: (close) => <BindDomain close={close} groupId={groupId} /> }}
        edit={(domain, close) => <BindDomain close={close} domain={domain} groupId={groupId} />}
        actions={(domain) => (
          <Button size="compact-sm" variant="subtle" onClick={() => setCertifying(domain)}>
            {t('domain.certificate')}
          </Button>
        )}
        remove={{
          name: (domain) => domain.DomainName ?? '',
          called: (domain) => ({ GroupId: domain.GroupId ?? '' }),
          label: t('domain.unbind'),
          text: t('domain.unbindText'),
          run: (domain) => call('DeleteDomain', { GroupId: domain.GroupId ?? '', DomainName: domain.DomainName ?? '' }),
          stale: ['domains', 'groups'],
        }}
        columns={[
          { title: t('domain.name'), value: (domain) => domain.DomainName, cell: (domain) => <Name domain={domain} /> },
          ...(groupId ? [] : [{ title: t('api.group'), cell: (domain: Domain) => <GroupLink domain={domain} /> }]),
          {
            title: t('common.stage'),
            cell: (domain) => (domain.BindStageName ? stageLabel(t, domain.BindStageName) : t('domain.all')),
          },
          {
            title: t('domain.network'),
            cell: (domain) => t(domain.CustomDomainType === 'INTRANET' ? 'domain.INTRANET' : 'domain.INTERNET'),
          },
          { title: t('domain.certificate'), cell: (domain) => <Ends domain={domain} /> },
          {
            title: t('domain.websocket'),
            cell: (domain) => t(domain.DomainWebSocketStatus === 'OPEN' ? 'common.yes' : 'common.no'),
          },
          {
            title: t('domain.redirect'),
            cell: (domain) => t(domain.IsHttpRedirectToHttps ? 'common.yes' : 'common.no'),
          },
        ]}
      />
      {certifying && <Certificate domain={certifying} close={() => setCertifying(null)} />}
    </>
  );
}

function Name({ domain }: { domain: Domain }) {
  const { t } = useTexts();
  const patterns = domain.WildcardDomainPatterns ? (JSON.parse(domain.WildcardDomainPatterns) as string[]) : [];
  return (
    <>
      <Text fw={600}>{domain.DomainName}</Text>
      {patterns.length > 0 && (
        <Text size="xs" c="dimmed">
          {t('domain.patterns')}: {patterns.join(', ')}
        </Text>
      )}
    </>
  );
}

function GroupLink({ domain }: { domain: Domain }) {
  return (
    <Anchor
      renderRoot={(props) => (
        <Link {...props} to="/groups/$groupId" params={{ groupId: domain.GroupId ?? '' }} search={{ tab: 'domains' }} />
      )}
    >
      {domain.GroupName}
    </Anchor>
  );
}

/** How long the certificate lasts, in words and colour. */
function Ends({ domain }: { domain: Domain }) {
  const { t } = useTexts();
  const expiry = expiryOf(domain.CertificateValidEnd, Date.now());
  if (expiry.state === 'none') return <Text c="dimmed">{t('domain.noCertificate')}</Text>;
  const color = { expired: 'red.9', soon: WARNING, good: 'teal.9' }[expiry.state];
  return (
    <Group gap={6}>
      <Text>{domain.CertificateName}</Text>
      <Badge color={color} variant="filled" tt="none">
        {expiry.state === 'expired' ? t('domain.expired') : t('domain.days', { count: expiry.days })}
      </Badge>
    </Group>
  );
}
