// Where one plug-in acts, and binding it to more APIs or groups.
import { Alert, Anchor, Badge, MultiSelect, Radio, Group as Row, Select, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Link } from '@tanstack/react-router';
import { call } from '../../api/client';
import { useApis, useGroups } from '../../api/queries';
import { useTexts } from '../../i18n';
import { FormDialog } from '../../parts/FormDialog';
import { ListProblem } from '../../parts/ListProblem';
import { ResourceSection } from '../../parts/Resource';
import { stageLabel, useStageOptions } from '../../parts/stages';
import { useSave } from '../../parts/useSave';
import { detachFrom } from './BoundPlugins';
import { type Bound, useBound } from './queries';

const STALE = ['bindings', 'plugins'];

export function BoundTo({ pluginId }: { pluginId: string }) {
  const { t } = useTexts();
  return (
    <ResourceSection
      title={t('plugin.boundTo')}
      lead={t('plugin.boundToLead')}
      list={useBound(pluginId)}
      rowKey={(bound) => `${bound.groupId}/${bound.apiId}/${bound.stage}`}
      searched={(bound) => `${bound.apiName} ${bound.groupName} ${bound.stage}`}
      empty={t('plugin.boundNowhere')}
      create={{ label: t('plugin.bind'), form: (close) => <Bind pluginId={pluginId} close={close} /> }}
      remove={{
        name: (bound) => bound.apiName || bound.groupName,
        label: t('plugin.detach'),
        text: t('plugin.detachText'),
        run: (bound) =>
          detachFrom({ GroupId: bound.groupId, ApiId: bound.apiId || undefined, StageName: bound.stage }, pluginId),
        stale: STALE,
      }}
      columns={[
        { title: t('plugin.target'), cell: (bound) => <Target bound={bound} /> },
        { title: t('api.group'), cell: (bound) => bound.groupName },
        { title: t('common.stage'), cell: (bound) => stageLabel(t, bound.stage) },
      ]}
    />
  );
}

function Target({ bound }: { bound: Bound }) {
  const { t } = useTexts();
  if (!bound.apiId) {
    return (
      <Badge variant="default" tt="none">
        {t('plugin.wholeGroup')}
      </Badge>
    );
  }
  return (
    <Anchor
      renderRoot={(props) => (
        <Link
          {...props}
          to="/apis/$groupId/$apiId"
          params={{ groupId: bound.groupId, apiId: bound.apiId }}
          search={{ tab: 'plugins', publish: undefined }}
        />
      )}
    >
      {bound.apiName}
    </Anchor>
  );
}

function Bind({ pluginId, close }: { pluginId: string; close: () => void }) {
  const { t } = useTexts();
  const stages = useStageOptions();
  const apis = useApis();
  const groups = useGroups();
  const form = useForm({
    initialValues: { scope: 'api', group: '', apis: [] as string[], stage: 'RELEASE' },
    validate: {
      apis: (value, values) => (values.scope === 'group' || value.length > 0 ? null : t('error.required')),
      group: (value, values) => (values.scope === 'api' || value ? null : t('error.required')),
    },
  });
  const save = useSave({
    run: async (values: typeof form.values) => {
      const place = { PluginId: pluginId, StageName: values.stage };
      if (values.scope === 'group') await call('AttachGroupPlugin', { ...place, GroupId: values.group });
      // One call for each group: the operation takes the APIs of one.
      else
        for (const [groupId, ids] of byGroup(values.apis, apis.data ?? []))
          await call('AttachPlugin', { ...place, GroupId: groupId, ApiIds: ids.join(',') });
    },
    stale: STALE,
    after: close,
  });
  return (
    <FormDialog title={t('plugin.bind')} form={form} save={save} close={close} action={t('plugin.bind')}>
      <ListProblem of={[apis, groups]} />
      <Radio.Group label={t('plugin.target')} {...form.getInputProps('scope')}>
        <Row mt={6}>
          <Radio value="api" label={t('plugin.someApis')} />
          <Radio value="group" label={t('plugin.wholeGroup')} />
        </Row>
      </Radio.Group>
      {form.values.scope === 'api' ? (
        <MultiSelect
          label={t('nav.apis')}
          withAsterisk
          searchable
          data={(apis.data ?? []).map((api) => ({
            value: api.ApiId ?? '',
            label: `${api.ApiName} (${api.GroupName})`,
          }))}
          {...form.getInputProps('apis')}
        />
      ) : (
        <Select
          label={t('api.group')}
          withAsterisk
          searchable
          data={(groups.data ?? []).map((group) => ({ value: group.GroupId ?? '', label: group.GroupName ?? '' }))}
          {...form.getInputProps('group')}
        />
      )}
      <Select label={t('common.stage')} allowDeselect={false} data={stages} {...form.getInputProps('stage')} />
      <Alert color="yellow" variant="light" role="note">
        <Text size="sm">{t('plugin.atOnce', { stage: stageLabel(t, form.values.stage) })}</Text>
        <Text size="sm">{t('plugin.oneOfType')}</Text>
      </Alert>
    </FormDialog>
  );
}

function byGroup(ids: string[], apis: Array<{ ApiId?: string; GroupId?: string }>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const id of ids) {
    const groupId = apis.find((api) => api.ApiId === id)?.GroupId ?? '';
    found.set(groupId, [...(found.get(groupId) ?? []), id]);
  }
  return found;
}
