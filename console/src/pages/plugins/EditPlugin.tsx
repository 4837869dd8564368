// The definition of a plug-in: inputs from the type's schema and the text, one beside the other, both always the same.
import {
  Alert,
  Button,
  Card,
  Grid,
  Group,
  List,
  Select,
  Skeleton,
  Stack,
  Text,
  Textarea,
  TextInput,
  Title,
} from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate } from '@tanstack/react-router';
import { call } from '../../api/client';
import type { Plugin } from '../../api/queries';
import { useTexts } from '../../i18n';
import { Editor } from '../../parts/Editor';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { useGuarded } from '../../parts/useGuarded';
import { useSave } from '../../parts/useSave';
import { change, type Path, read } from './definition';
import { usePluginTypes } from './queries';
import { SchemaForm } from './SchemaForm';
import { helpOf, parseSchema, problemsOf, type Schema } from './schema';
import { useSchemaWords } from './schemaWords';

const valuesOf = (plugin?: Plugin, type?: string) => ({
  name: plugin?.PluginName ?? '',
  type: plugin?.PluginType ?? type ?? '',
  data: plugin?.PluginData ?? '',
  description: plugin?.Description ?? '',
});

export function EditPlugin({ plugin, type }: { plugin?: Plugin; type?: string }) {
  const { t } = useTexts();
  const navigate = useNavigate();
  const types = usePluginTypes();
  const form = useForm({
    initialValues: valuesOf(plugin, type),
    validate: {
      name: (value) => (value.trim() ? null : t('error.required')),
      type: (value) => (value ? null : t('error.required')),
    },
  });
  const save = useSave({
    run: async (values: typeof form.values) => {
      const shared = { PluginName: values.name.trim(), PluginData: values.data, Description: values.description };
      if (plugin?.PluginId) {
        await call('ModifyPlugin', { PluginId: plugin.PluginId, ...shared });
        return plugin.PluginId;
      }
      return (await call('CreatePlugin', { PluginType: values.type, ...shared })).PluginId ?? '';
    },
    stale: ['plugins', 'bindings'],
    done: (_, values) => t('plugin.saved', { name: values.name.trim() }),
    after: (pluginId) => {
      if (!plugin) void navigate({ to: '/plugins/$pluginId', params: { pluginId }, search: { tab: 'bound' } });
    },
  });
  const { submit, busy, error, conflict } = useGuarded(
    form,
    save,
    plugin &&
      (async () => {
        const answer = await call('DescribePlugins', { PluginId: plugin.PluginId });
        return valuesOf(answer.Plugins?.PluginAttribute?.[0]);
      }),
  );
  const schema = parseSchema(types.data?.find((one) => one.PluginType === form.values.type)?.Schema);
  return (
    <form onSubmit={form.onSubmit(submit)}>
      <Stack>
        {conflict && <Card withBorder>{conflict}</Card>}
        <Card withBorder>
          <Stack>
            <Group grow align="flex-start">
              <TextInput label={t('plugin.name')} withAsterisk {...form.getInputProps('name')} />
              <Select
                label={t('plugin.type')}
                withAsterisk
                disabled={plugin !== undefined}
                searchable
                data={(types.data ?? []).map((one) => one.PluginType ?? '')}
                {...form.getInputProps('type')}
                value={form.values.type || null}
              />
            </Group>
            <Textarea label={t('common.description')} autosize minRows={1} {...form.getInputProps('description')} />
          </Stack>
        </Card>
        {types.error ? <ErrorNotice error={types.error} retry={() => void types.refetch()} /> : null}
        {types.isPending && <Skeleton height={160} />}
        {form.values.type && types.data && (
          <Definition schema={schema} text={form.values.data} setText={(text) => form.setFieldValue('data', text)} />
        )}
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="space-between">
          <Text size="sm" c="dimmed">
            {plugin ? t('plugin.savesAtOnce') : t('plugin.bindLater')}
          </Text>
          <Button type="submit" loading={busy}>
            {plugin ? t('action.save') : t('action.create')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface DefinitionProps {
  schema: Schema | null;
  text: string;
  setText: (text: string) => void;
}

function Definition({ schema, text, setText }: DefinitionProps) {
  const { t } = useTexts();
  const words = useSchemaWords();
  const { value, problem } = read(text);
  const problems = schema && !problem ? problemsOf(schema, schema, value) : [];
  const set = (path: Path, inner: unknown) => setText(change(text, path, inner));
  return (
    <Grid gap="md">
      <Grid.Col span={{ base: 12, lg: 6 }}>
        <Card withBorder>
          <Title order={2} size="h5" mb={4}>
            {t('wizard.form')}
          </Title>
          {schema?.description && (
            <Text size="sm" c="dimmed" mb="sm">
              {words(helpOf(schema.description))}
            </Text>
          )}
          {problem && (
            <Alert color="orange" role="status">
              <Text fw={600} size="sm">
                {t('wizard.yamlProblem')}
              </Text>
              {problem}
            </Alert>
          )}
          {schema && !problem && <SchemaForm schema={schema} root={schema} value={value} path={[]} change={set} />}
        </Card>
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 6 }}>
        <Stack className="rail">
          <Card withBorder>
            <Title order={2} size="h5" mb="sm">
              {t('plugin.data')}
            </Title>
            <Editor label={t('plugin.data')} value={text} onChange={setText} />
          </Card>
          {problems.length > 0 && (
            <Alert color="orange" role="status">
              <Text fw={600} size="sm" mb={4}>
                {t('plugin.incomplete')}
              </Text>
              <List size="sm">
                {problems.slice(0, 10).map((one) => (
                  <List.Item key={`${one.path}${one.reason}`}>
                    <b>{one.path}</b>: {t(`plugin.problem.${one.reason}`)}
                  </List.Item>
                ))}
              </List>
            </Alert>
          )}
        </Stack>
      </Grid.Col>
    </Grid>
  );
}
