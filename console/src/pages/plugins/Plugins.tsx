// Plug-ins: their definitions, with what each type can say from the server's own schema.
import { Badge, Button, Group, Modal, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/client';
import { type Plugin, usePlugins, when } from '../../api/queries';
import { useTexts } from '../../i18n';
import { Confirm } from '../../parts/Confirm';
import { DataTable } from '../../parts/DataTable';
import { Editor } from '../../parts/Editor';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { Page } from '../../parts/Page';
import { useSave } from '../../parts/useSave';
import { type Field, fieldsOf, skeleton } from './schema';

export function Plugins() {
  const { t } = useTexts();
  const plugins = usePlugins();
  const [editing, setEditing] = useState<Plugin | 'new' | null>(null);
  const [removing, setRemoving] = useState<Plugin | null>(null);
  const create = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setEditing('new')}>
      {t('plugin.create')}
    </Button>
  );
  const remove = useSave({
    run: (plugin: Plugin) => call('DeletePlugin', { PluginId: plugin.PluginId ?? '' }),
    stale: ['plugins'],
    after: () => setRemoving(null),
  });
  return (
    <Page title={t('plugin.title')} lead={t('plugin.lead')} actions={create}>
      <DataTable
        caption={t('plugin.title')}
        rows={plugins.data}
        error={plugins.error}
        retry={() => void plugins.refetch()}
        rowKey={(plugin) => plugin.PluginId ?? ''}
        searched={(plugin) => `${plugin.PluginName} ${plugin.PluginType} ${plugin.Description}`}
        empty={
          <>
            <Text>{t('plugin.empty')}</Text>
            {create}
          </>
        }
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
          { title: t('common.modified'), cell: (plugin) => when(plugin.ModifiedTime) },
          {
            title: t('action.more'),
            cell: (plugin) => (
              <Group gap={4}>
                <Button size="compact-sm" variant="subtle" onClick={() => setEditing(plugin)}>
                  {t('action.edit')}
                </Button>
                <Button size="compact-sm" variant="subtle" color="red" onClick={() => setRemoving(plugin)}>
                  {t('action.delete')}
                </Button>
              </Group>
            ),
          },
        ]}
      />
      {editing && <EditPlugin plugin={editing === 'new' ? undefined : editing} close={() => setEditing(null)} />}
      <Confirm
        opened={removing !== null}
        title={t('delete.title', { name: removing?.PluginName ?? '' })}
        text={t('delete.text')}
        action={t('action.delete')}
        busy={remove.isPending}
        error={remove.error}
        close={() => setRemoving(null)}
        confirm={() => removing && remove.mutate(removing)}
      />
    </Page>
  );
}

function EditPlugin({ plugin, close }: { plugin?: Plugin; close: () => void }) {
  const { t } = useTexts();
  const types = useQuery({
    queryKey: ['pluginTypes'],
    queryFn: async () => (await call('DescribePluginTypes', {})).PluginTypes ?? [],
    staleTime: Number.POSITIVE_INFINITY,
  });
  const form = useForm({
    initialValues: {
      name: plugin?.PluginName ?? '',
      type: plugin?.PluginType ?? '',
      data: plugin?.PluginData ?? '',
      description: plugin?.Description ?? '',
    },
    validate: {
      name: (value) => (value.trim() ? null : t('error.required')),
      type: (value) => (value ? null : t('error.required')),
    },
  });
  const save = useSave({
    run: async (values: typeof form.values) => {
      const shared = { PluginName: values.name.trim(), PluginData: values.data, Description: values.description };
      if (plugin?.PluginId) await call('ModifyPlugin', { PluginId: plugin.PluginId, ...shared });
      else await call('CreatePlugin', { PluginType: values.type, ...shared });
    },
    stale: ['plugins', 'bindings'],
    after: close,
  });
  const schema = types.data?.find((one) => one.PluginType === form.values.type)?.Schema;
  const fields = fieldsOf(schema);
  const choose = (type: string | null) => {
    form.setFieldValue('type', type ?? '');
    const chosen = types.data?.find((one) => one.PluginType === type)?.Schema;
    if (!plugin && !form.isDirty('data')) form.setInitialValues({ ...form.values, type: type ?? '' });
    if (!plugin && form.values.data.trim() === '') form.setFieldValue('data', skeleton(chosen));
  };
  const title = plugin ? t('wizard.editTitle', { name: plugin.PluginName ?? '' }) : t('plugin.create');
  return (
    <Modal opened onClose={close} title={title} size="xl" closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          {types.error && <ErrorNotice error={types.error} retry={() => void types.refetch()} />}
          <TextInput label={t('plugin.name')} withAsterisk data-autofocus {...form.getInputProps('name')} />
          <Select
            label={t('plugin.type')}
            withAsterisk
            disabled={Boolean(plugin)}
            searchable
            data={(types.data ?? []).map((one) => one.PluginType ?? '')}
            value={form.values.type || null}
            error={form.errors.type}
            onChange={choose}
          />
          <div>
            <Text size="sm" fw={500} mb={4}>
              {t('plugin.data')}
            </Text>
            <Editor
              label={t('plugin.data')}
              value={form.values.data}
              onChange={(value) => form.setFieldValue('data', value)}
            />
          </div>
          {fields.length > 0 && <FieldTable fields={fields} />}
          <TextInput label={t('common.description')} {...form.getInputProps('description')} />
          {save.error && <ErrorNotice error={save.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {plugin ? t('action.save') : t('action.create')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function FieldTable({ fields }: { fields: Field[] }) {
  const { t } = useTexts();
  return (
    <Table.ScrollContainer minWidth={480} maxHeight={240} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table fz="sm" stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('plugin.fields')}</Table.Th>
            <Table.Th scope="col">{t('common.description')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {fields.map((field) => (
            <Table.Tr key={field.path}>
              <Table.Td ff="monospace">
                {field.path}
                {field.required ? ' *' : ''}
              </Table.Td>
              <Table.Td>{field.description}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
