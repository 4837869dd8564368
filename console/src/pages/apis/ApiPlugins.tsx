// The plug-ins that act on one API, stage by stage.
import { Badge, Button, Group, Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call, callAll } from '../../api/client';
import { STAGES, type Stage, usePlugins } from '../../api/queries';
import { useTexts } from '../../i18n';
import { DataTable } from '../../parts/DataTable';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { useSave } from '../../parts/useSave';

export function ApiPlugins({ groupId, apiId }: { groupId: string; apiId: string }) {
  const { t } = useTexts();
  const [stage, setStage] = useState<Stage>('RELEASE');
  const [chosen, setChosen] = useState<string | null>(null);
  const all = usePlugins();
  const place = { GroupId: groupId, ApiId: apiId, StageName: stage };
  const bound = useQuery({
    queryKey: ['bindings', apiId, stage],
    queryFn: () => callAll('DescribePluginsByApi', place, (answer) => answer.Plugins?.PluginAttribute),
  });
  const attach = useSave({
    run: (pluginId: string) => call('AttachPlugin', { ...place, PluginId: pluginId }),
    stale: ['bindings', 'plugins'],
    after: () => setChosen(null),
  });
  const detach = useSave({
    run: (pluginId: string) => call('DetachPlugin', { ...place, PluginId: pluginId }),
    stale: ['bindings', 'plugins'],
  });
  return (
    <Stack>
      <Group align="flex-end">
        <Select
          label={t('common.stage')}
          data={STAGES.map((one) => ({ value: one, label: t(`stage.${one}`) }))}
          value={stage}
          onChange={(value) => value && setStage(value as Stage)}
          allowDeselect={false}
        />
        <Select
          label={t('nav.plugins')}
          searchable
          w={320}
          data={(all.data ?? []).map((plugin) => ({
            value: plugin.PluginId ?? '',
            label: `${plugin.PluginName} (${plugin.PluginType})`,
          }))}
          value={chosen}
          onChange={setChosen}
        />
        <Button disabled={!chosen} loading={attach.isPending} onClick={() => chosen && attach.mutate(chosen)}>
          {t('plugin.bind')}
        </Button>
      </Group>
      <Text size="sm" c="dimmed">
        {t('plugin.atOnce', { stage: t(`stage.${stage}`) })}
      </Text>
      {attach.error && <ErrorNotice error={attach.error} />}
      {detach.error && <ErrorNotice error={detach.error} />}
      <DataTable
        caption={t('api.plugins')}
        rows={bound.data}
        error={bound.error}
        retry={() => void bound.refetch()}
        rowKey={(plugin) => plugin.PluginId ?? ''}
        empty={<Text>{t('plugin.noneBound')}</Text>}
        columns={[
          { title: t('plugin.name'), cell: (plugin) => <Text fw={600}>{plugin.PluginName}</Text> },
          {
            title: t('plugin.type'),
            cell: (plugin) => (
              <Badge variant="default" tt="none">
                {plugin.PluginType}
              </Badge>
            ),
          },
          { title: t('common.description'), cell: (plugin) => plugin.Description || '–' },
          {
            title: t('action.more'),
            cell: (plugin) => (
              <Button
                size="compact-sm"
                variant="subtle"
                color="red"
                onClick={() => detach.mutate(plugin.PluginId ?? '')}
              >
                {t('plugin.detach')}
              </Button>
            ),
          },
        ]}
      />
    </Stack>
  );
}
