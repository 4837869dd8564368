// The plug-ins that act on one API or on a whole group, stage by stage.
import { Alert, Badge, Button, Group, Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call, callAll } from '../../api/client';
import { type Plugin, usePlugins } from '../../api/queries';
import { useTexts } from '../../i18n';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { ResourceSection } from '../../parts/Resource';
import { stageLabel, useStageOptions } from '../../parts/stages';
import { useSave } from '../../parts/useSave';

interface Place {
  GroupId: string;
  ApiId?: string;
  StageName: string;
}

export const attachTo = ({ ApiId, ...group }: Place, pluginId: string) =>
  ApiId
    ? call('AttachPlugin', { ...group, ApiId, PluginId: pluginId })
    : call('AttachGroupPlugin', { ...group, PluginId: pluginId });

export const detachFrom = ({ ApiId, ...group }: Place, pluginId: string) =>
  ApiId
    ? call('DetachPlugin', { ...group, ApiId, PluginId: pluginId })
    : call('DetachGroupPlugin', { ...group, PluginId: pluginId });

const boundAt = ({ ApiId, ...group }: Place): Promise<Plugin[]> =>
  ApiId
    ? callAll('DescribePluginsByApi', { ...group, ApiId }, (answer) => answer.Plugins?.PluginAttribute)
    : callAll('DescribePluginsByGroup', group, (answer) => answer.Plugins?.PluginAttribute);

/** Without an API: what acts on every API of the group. */
export function BoundPlugins({ groupId, apiId }: { groupId: string; apiId?: string }) {
  const { t } = useTexts();
  const [stage, setStage] = useState('RELEASE');
  const [chosen, setChosen] = useState<string | null>(null);
  const stages = useStageOptions();
  const all = usePlugins();
  const place = { GroupId: groupId, ApiId: apiId, StageName: stage };
  const bound = useQuery({ queryKey: ['bindings', groupId, apiId ?? '', stage], queryFn: () => boundAt(place) });
  const attach = useSave({
    run: (pluginId: string) => attachTo(place, pluginId),
    stale: ['bindings', 'plugins'],
    after: () => setChosen(null),
  });
  const picked = all.data?.find((plugin) => plugin.PluginId === chosen);
  // One of a type acts in a place: another takes over from it.
  const replaced = bound.data?.find(
    (plugin) => plugin.PluginType === picked?.PluginType && plugin.PluginId !== picked?.PluginId,
  );
  return (
    <ResourceSection
      title={t('api.plugins')}
      lead={t(apiId ? 'plugin.onApi' : 'plugin.onGroup')}
      list={bound}
      rowKey={(plugin) => plugin.PluginId ?? ''}
      empty={t('plugin.noneBound')}
      remove={{
        name: (plugin) => plugin.PluginName ?? '',
        label: t('plugin.detach'),
        text: t('plugin.atOnce', { stage: stageLabel(t, stage) }),
        run: (plugin) => detachFrom(place, plugin.PluginId ?? ''),
        stale: ['bindings', 'plugins'],
      }}
      columns={[
        {
          title: t('plugin.name'),
          value: (plugin) => plugin.PluginName,
          cell: (plugin) => <Text fw={600}>{plugin.PluginName}</Text>,
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
      ]}
    >
      <Stack gap="xs">
        <Group align="flex-end">
          <Select
            label={t('common.stage')}
            data={stages}
            value={stage}
            onChange={(value) => value && setStage(value)}
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
          {t('plugin.atOnce', { stage: stageLabel(t, stage) })}
        </Text>
        {replaced && (
          <Alert color="orange" role="note">
            {t('plugin.replaces', { name: replaced.PluginName ?? '' })}
          </Alert>
        )}
        {attach.error ? <ErrorNotice error={attach.error} /> : null}
      </Stack>
    </ResourceSection>
  );
}
