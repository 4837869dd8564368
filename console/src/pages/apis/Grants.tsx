// Who may call an API.
import { Button, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { call, callAll } from '../../api/client';
import { when } from '../../api/queries';
import { useTexts } from '../../i18n';
import { DataTable } from '../../parts/DataTable';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { stageLabel } from '../../parts/stages';
import { useSave } from '../../parts/useSave';

interface Props {
  apiId: string;
  isAnonymous: boolean;
  authorize: () => void;
}

export function Grants({ apiId, isAnonymous, authorize }: Props) {
  const { t } = useTexts();
  const grants = useQuery({
    queryKey: ['grants', 'api', apiId],
    queryFn: () =>
      callAll('DescribeAuthorizedApps', { ApiId: apiId }, (answer) => answer.AuthorizedApps?.AuthorizedApp),
  });
  const revoke = useSave({
    run: (grant: { AppId?: number; StageName?: string }) =>
      call('RemoveAppsAuthorities', { ApiId: apiId, AppIds: String(grant.AppId), StageName: grant.StageName ?? '' }),
    stale: ['grants'],
  });
  if (isAnonymous) return <Text>{t('authorize.notNeeded')}</Text>;
  return (
    <>
      {revoke.error && <ErrorNotice error={revoke.error} />}
      <DataTable
        caption={t('api.authorization')}
        rows={grants.data}
        error={grants.error}
        retry={() => void grants.refetch()}
        rowKey={(grant) => `${grant.AppId}/${grant.StageName}`}
        empty={
          <>
            <Text>{t('authorize.empty')}</Text>
            <Button onClick={authorize}>{t('api.authorize')}</Button>
          </>
        }
        columns={[
          { title: t('authorize.app'), cell: (grant) => `${grant.AppName} (${grant.AppId})` },
          { title: t('common.stage'), cell: (grant) => stageLabel(t, grant.StageName) },
          {
            title: t('authorize.validity'),
            cell: (grant) => (grant.AuthVaildTime ? when(grant.AuthVaildTime) : t('common.never')),
          },
          {
            title: t('common.created'),
            id: 'created',
            value: (grant) => grant.AuthorizedTime,
            cell: (grant) => when(grant.AuthorizedTime),
          },
          {
            title: t('action.more'),
            cell: (grant) => (
              <Button size="compact-sm" variant="subtle" color="red" onClick={() => revoke.mutate(grant)}>
                {t('authorize.revoke')}
              </Button>
            ),
          },
        ]}
      />
    </>
  );
}
