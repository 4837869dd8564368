// Models of a group: JSON Schemas that say what bodies look like. APIs refer to them by their address.
import { Anchor, Input, Select, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type Answer, call, callAll } from '../../api/client';
import { useGroups, when } from '../../api/queries';
import { useTexts } from '../../i18n';
import { CopyText } from '../../parts/CopyText';
import { Editor } from '../../parts/Editor';
import { FormDialog } from '../../parts/FormDialog';
import { ResourcePage } from '../../parts/Resource';
import { useSave } from '../../parts/useSave';
import { STARTING_SCHEMA, schemaProblem } from './schema';

type Model = NonNullable<NonNullable<Answer<'DescribeModels'>['ModelDetails']>['ModelDetail']>[number];

export function Models() {
  const { t } = useTexts();
  const navigate = useNavigate();
  const { group } = useSearch({ from: '/inside/models' });
  const groups = useGroups();
  const groupId = group ?? groups.data?.[0]?.GroupId ?? '';
  const models = useQuery({
    queryKey: ['models', groupId],
    queryFn: () => callAll('DescribeModels', { GroupId: groupId }, (answer) => answer.ModelDetails?.ModelDetail),
    enabled: groupId !== '',
  });
  const isWithoutGroup = groups.data?.length === 0;
  const list = {
    data: isWithoutGroup ? [] : models.data,
    error: groups.error ?? models.error,
    refetch: () => (groups.error ? groups.refetch() : models.refetch()),
  };
  return (
    <ResourcePage<Model>
      title={t('nav.models')}
      lead={t('model.lead')}
      list={list}
      rowKey={(model) => model.ModelId ?? ''}
      searched={(model) => `${model.ModelName} ${model.Description}`}
      empty={t(isWithoutGroup ? 'api.emptyGroup' : 'model.empty')}
      create={
        isWithoutGroup
          ? undefined
          : { label: t('model.create'), form: (close) => <EditModel groupId={groupId} close={close} /> }
      }
      edit={(model, close) => <EditModel groupId={groupId} model={model} close={close} />}
      remove={{
        name: (model) => model.ModelName ?? '',
        text: t('model.deleteText'),
        run: (model) => call('DeleteModel', { GroupId: groupId, ModelName: model.ModelName ?? '' }),
        stale: ['models'],
      }}
      columns={[
        {
          title: t('common.name'),
          value: (model) => model.ModelName,
          cell: (model) => <Text fw={600}>{model.ModelName}</Text>,
        },
        { title: t('common.description'), cell: (model) => model.Description || '–' },
        { title: 'ModelRef', cell: (model) => <CopyText value={model.ModelRef ?? ''} /> },
        {
          title: t('common.modified'),
          id: 'modified',
          value: (model) => model.ModifiedTime,
          cell: (model) => when(model.ModifiedTime),
        },
      ]}
    >
      <Select
        label={t('api.group')}
        maw={360}
        searchable
        allowDeselect={false}
        data={(groups.data ?? []).map((one) => ({ value: one.GroupId ?? '', label: one.GroupName ?? '' }))}
        value={groupId || null}
        onChange={(value) => void navigate({ to: '/models', search: { group: value ?? undefined } })}
      />
    </ResourcePage>
  );
}

const valuesOf = (model?: Model) => ({
  name: model?.ModelName ?? '',
  description: model?.Description ?? '',
  schema: model?.Schema ?? STARTING_SCHEMA,
});

function EditModel({ groupId, model, close }: { groupId: string; model?: Model; close: () => void }) {
  const { t } = useTexts();
  const form = useForm({
    initialValues: valuesOf(model),
    validate: {
      name: (value) => (value.trim() ? null : t('error.required')),
      schema: (value) => schemaProblem(value, t),
    },
  });
  const save = useSave({
    run: async (values: typeof form.values) => {
      const shared = { GroupId: groupId, Description: values.description, Schema: values.schema };
      const name = values.name.trim();
      if (model) await call('ModifyModel', { ...shared, ModelName: model.ModelName ?? '', NewModelName: name });
      else await call('CreateModel', { ...shared, ModelName: name });
    },
    stale: ['models'],
    after: close,
  });
  const problem = schemaProblem(form.values.schema, t);
  return (
    <FormDialog
      title={model ? t('wizard.editTitle', { name: model.ModelName ?? '' }) : t('model.create')}
      form={form}
      save={save}
      close={close}
      size="xl"
      fresh={
        model &&
        (async () => {
          const answer = await call('DescribeModels', { GroupId: groupId, ModelId: model.ModelId });
          return valuesOf(answer.ModelDetails?.ModelDetail?.[0]);
        })
      }
    >
      <TextInput label={t('common.name')} withAsterisk data-autofocus {...form.getInputProps('name')} />
      <TextInput label={t('common.description')} {...form.getInputProps('description')} />
      <Input.Wrapper
        label="JSON Schema"
        withAsterisk
        labelElement="div"
        description={
          <>
            {t('model.schemaHint')}{' '}
            <Anchor
              component="button"
              type="button"
              size="xs"
              disabled={problem !== null}
              onClick={() =>
                form.setFieldValue('schema', JSON.stringify(JSON.parse(form.values.schema) as unknown, null, 2))
              }
            >
              {t('model.tidy')}
            </Anchor>
          </>
        }
        error={problem}
      >
        <Editor
          label="JSON Schema"
          value={form.values.schema}
          onChange={(value) => form.setFieldValue('schema', value)}
        />
      </Input.Wrapper>
    </FormDialog>
  );
}
