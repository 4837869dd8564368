// All plug-ins.
import { Anchor, Badge, Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { call } from '../../api/client';
import { usePlugins, when } from '../../api/queries';
import { useTexts } from '../../i18n';
import { ResourcePage } from '../../parts/Resource';

export function Plugins() {
  const { t } = useTexts();
  return (
    <ResourcePage
      title={t('plugin.title')}
      lead={t('plugin.lead')}
      list={usePlugins()}
      rowKey={(plugin) => plugin.PluginId ?? ''}
      searched={(plugin) => `${plugin.PluginName} ${plugin.PluginType} ${plugin.Description}`}
      empty={t('plugin.empty')}
      createButton={
        <Button
          aria-keyshortcuts="c"
          leftSection={<IconPlus size={16} />}
          renderRoot={(props) => <Link {...props} to="/plugins/new" search={{ type: undefined }} />}
        >
          {t('plugin.create')}
        </Button>
      }
      remove={{
        name: (plugin) => plugin.PluginName ?? '',
        text: t('delete.text'),
        run: (plugin) => call('DeletePlugin', { PluginId: plugin.PluginId ?? '' }),
        stale: ['plugins'],
      }}
      columns={[
        {
          title: t('plugin.name'),
          value: (plugin) => plugin.PluginName,
          cell: (plugin) => (
            <Anchor
              fw={600}
              renderRoot={(props) => (
                <Link
                  {...props}
                  to="/plugins/$pluginId"
                  params={{ pluginId: plugin.PluginId ?? '' }}
                  search={{ tab: undefined }}
                />
              )}
            >
              {plugin.PluginName}
            </Anchor>
          ),
        },
        {
          title: t('plugin.type'),
          value: (plugin) => plugin.PluginType,
          cell: (plugin) => (
            <Badge variant="default" tt="none">
              {plugin.PluginType}
            </Badge>
          ),
        },
        { title: t('common.description'), cell: (plugin) => plugin.Description || '–' },
        {
          title: t('common.modified'),
          id: 'modified',
          value: (plugin) => plugin.ModifiedTime,
          cell: (plugin) => when(plugin.ModifiedTime),
        },
      ]}
    />
  );
}
