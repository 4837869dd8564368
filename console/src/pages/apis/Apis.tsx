// All APIs.
import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTexts } from '../../i18n';
import { Page } from '../../parts/Page';
import { ApiTable } from './ApiTable';

export function Apis() {
  const { t } = useTexts();
  return (
    <Page title={t('api.title')} lead={t('api.lead')} actions={<CreateApiButton />}>
      <ApiTable />
    </Page>
  );
}

export function CreateApiButton({ groupId }: { groupId?: string }) {
  const { t } = useTexts();
  return (
    <Button
      aria-keyshortcuts="c"
      leftSection={<IconPlus size={16} />}
      renderRoot={(props) => <Link {...props} to="/apis/new" search={{ group: groupId }} />}
    >
      {t('api.create')}
    </Button>
  );
}
