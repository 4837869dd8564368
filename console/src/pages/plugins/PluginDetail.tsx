// One plug-in: its definition, as a form and as text, and where it acts.
import { Anchor, Skeleton, Tabs } from '@mantine/core';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useTexts } from '../../i18n';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { Page } from '../../parts/Page';
import { ShowAs } from '../../parts/ShowAs';
import { BoundTo } from './BoundTo';
import { EditPlugin } from './EditPlugin';
import { usePlugin } from './queries';

export function PluginDetail() {
  const { t } = useTexts();
  const { pluginId } = useParams({ from: '/inside/plugins/$pluginId' });
  const { tab } = useSearch({ from: '/inside/plugins/$pluginId' });
  const navigate = useNavigate();
  const plugin = usePlugin(pluginId);
  if (plugin.error) {
    return (
      <Page title={t('plugin.title')} back={<Back />}>
        <ErrorNotice error={plugin.error} retry={() => void plugin.refetch()} />
      </Page>
    );
  }
  if (plugin.data === undefined) return <Skeleton height={240} aria-label={t('common.loading')} />;
  if (plugin.data === null) {
    return (
      <Page title={t('plugin.title')} back={<Back />}>
        <ErrorNotice error={t('plugin.gone')} />
      </Page>
    );
  }
  const { PluginName, PluginType, PluginData, Description } = plugin.data;
  const params = { PluginName, PluginType, PluginData, Description };
  const setTab = (value: string | null) =>
    void navigate({
      to: '/plugins/$pluginId',
      params: { pluginId },
      search: { tab: value === 'definition' ? undefined : (value ?? undefined) },
      replace: true,
    });
  return (
    <Page
      title={plugin.data.PluginName ?? pluginId}
      lead={plugin.data.PluginType}
      back={<Back />}
      actions={<ShowAs operation="CreatePlugin" params={params} />}
    >
      <Tabs value={tab ?? 'definition'} onChange={setTab}>
        <Tabs.List>
          <Tabs.Tab value="definition">{t('api.definition')}</Tabs.Tab>
          <Tabs.Tab value="bound">{t('plugin.boundTo')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="definition" pt="md">
          <EditPlugin key={plugin.data.ModifiedTime} plugin={plugin.data} />
        </Tabs.Panel>
        <Tabs.Panel value="bound" pt="md">
          <BoundTo pluginId={pluginId} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

export function NewPlugin() {
  const { t } = useTexts();
  const { type } = useSearch({ from: '/inside/plugins/new' });
  return (
    <Page title={t('plugin.create')} lead={t('plugin.lead')} back={<Back />}>
      <EditPlugin type={type} />
    </Page>
  );
}

function Back() {
  const { t } = useTexts();
  return (
    <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/plugins" />}>
      ← {t('plugin.title')}
    </Anchor>
  );
}
