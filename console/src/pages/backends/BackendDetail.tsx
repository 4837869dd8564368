// One backend: where it leads in each stage, and the APIs that go there.
import { Anchor, Code, JsonInput, NumberInput, Select, Skeleton, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { call, callAll } from '../../api/client';
import { useAccesses } from '../../api/queries';
import { useTexts } from '../../i18n';
import { DataTable } from '../../parts/DataTable';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { FormDialog } from '../../parts/FormDialog';
import { Page } from '../../parts/Page';
import { ResourceSection } from '../../parts/Resource';
import { stageLabel, useStageOptions } from '../../parts/stages';
import { useSave } from '../../parts/useSave';
import { type Backend, type Model, readModel, WITH_INPUTS, writeModel } from './model';

export function BackendDetail() {
  const { t } = useTexts();
  const { backendId } = useParams({ from: '/inside/backends/$backendId' });
  const backend = useQuery({
    queryKey: ['backends', backendId],
    queryFn: async () => (await call('DescribeBackendInfo', { BackendId: backendId })).BackendInfo ?? {},
  });
  const users = useQuery({
    queryKey: ['backends', backendId, 'apis'],
    queryFn: () => callAll('DescribeApisByBackend', { BackendId: backendId }, (answer) => answer.ApiInfoList?.ApiInfo),
  });
  const stages = useStageOptions();
  const back = (
    <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/backends" />}>
      ← {t('backend.title')}
    </Anchor>
  );
  if (backend.error) {
    return (
      <Page title={t('backend.title')} back={back}>
        <ErrorNotice error={backend.error} retry={() => void backend.refetch()} />
      </Page>
    );
  }
  if (!backend.data) return <Skeleton height={240} aria-label={t('common.loading')} />;
  const shown = backend.data;
  return (
    <Page
      title={shown.BackendName ?? backendId}
      lead={[shown.BackendType, shown.Description].filter(Boolean).join(' · ')}
      back={back}
    >
      <ResourceSection<Model>
        title={t('backend.models')}
        lead={t('backend.modelsLead')}
        list={{ data: shown.BackendModels ?? [], error: null, refetch: backend.refetch }}
        rowKey={(model) => model.BackendModelId ?? ''}
        empty={t('backend.noModel')}
        create={
          (shown.BackendModels?.length ?? 0) < stages.length
            ? { label: t('backend.addModel'), form: (close) => <EditModel backend={shown} close={close} /> }
            : undefined
        }
        edit={(model, close) => <EditModel backend={shown} model={model} close={close} />}
        remove={{
          name: (model) => stageLabel(t, model.StageName),
          text: t('delete.text'),
          run: (model) =>
            call('DeleteBackendModel', { BackendId: backendId, BackendModelId: model.BackendModelId ?? '' }),
          stale: ['backends'],
        }}
        columns={[
          { title: t('common.stage'), cell: (model) => <Text fw={600}>{stageLabel(t, model.StageName)}</Text> },
          { title: t('backend.leadsTo'), cell: (model) => <Code>{whereTo(shown.BackendType ?? '', model)}</Code> },
          { title: t('common.description'), cell: (model) => model.Description || '–' },
        ]}
      />
      <DataTable
        caption={t('backend.usedBy')}
        rows={users.data}
        error={users.error}
        retry={() => void users.refetch()}
        rowKey={(api) => api.ApiId ?? ''}
        empty={<Text>{t('backend.unused')}</Text>}
        columns={[
          {
            title: t('api.name'),
            cell: (api) => (
              <Anchor
                renderRoot={(props) => (
                  <Link
                    {...props}
                    to="/apis/$groupId/$apiId"
                    params={{ groupId: api.GroupId ?? '', apiId: api.ApiId ?? '' }}
                    search={{ tab: undefined, publish: undefined }}
                  />
                )}
              >
                {api.ApiName}
              </Anchor>
            ),
          },
          { title: t('api.group'), cell: (api) => api.GroupName },
          {
            title: t('api.path'),
            cell: (api) => (
              <Code>
                {api.Method} {api.Path}
              </Code>
            ),
          },
        ]}
      />
    </Page>
  );
}

function whereTo(type: string, model: Model): string {
  const form = readModel(model);
  if (type === 'HTTP') return form.address;
  if (type === 'VPC') return form.access;
  return type === 'MOCK' ? `${form.status}` : form.json;
}

function EditModel({ backend, model, close }: { backend: Backend; model?: Model; close: () => void }) {
  const { t } = useTexts();
  const accesses = useAccesses();
  const type = backend.BackendType ?? '';
  const taken = (backend.BackendModels ?? []).map((one) => one.StageName);
  const free = useStageOptions().filter((stage) => !taken.includes(stage.value));
  const form = useForm({
    initialValues: {
      stage: model?.StageName ?? free[0]?.value ?? '',
      description: model?.Description ?? '',
      ...readModel(model),
    },
    validate: {
      address: (value) =>
        type !== 'HTTP' || /^(https?:\/\/|#)/.test(value.trim()) ? null : t('wizard.addressProblem'),
      access: (value) => (type !== 'VPC' || value ? null : t('error.required')),
      json: (value) => (WITH_INPUTS.includes(type) || isJson(value) ? null : t('backend.jsonProblem')),
    },
  });
  const save = useSave({
    run: async (values: typeof form.values) => {
      const shared = {
        BackendId: backend.BackendId ?? '',
        BackendType: type,
        Description: values.description,
        BackendModelData: JSON.stringify(writeModel(type, values, model)),
      };
      if (model?.BackendModelId) await call('ModifyBackendModel', { ...shared, BackendModelId: model.BackendModelId });
      else await call('CreateBackendModel', { ...shared, StageName: values.stage });
    },
    stale: ['backends', 'apis'],
    after: close,
  });
  return (
    <FormDialog
      title={model ? t('wizard.editTitle', { name: stageLabel(t, model.StageName) }) : t('backend.addModel')}
      form={form}
      save={save}
      close={close}
    >
      {!model && (
        <Select label={t('common.stage')} allowDeselect={false} data={free} {...form.getInputProps('stage')} />
      )}
      {type === 'HTTP' && (
        <>
          <TextInput
            label={t('wizard.address')}
            description={t('wizard.addressHint')}
            withAsterisk
            {...form.getInputProps('address')}
          />
          <TextInput label={t('vpc.host')} description={t('vpc.hostHint')} {...form.getInputProps('host')} />
        </>
      )}
      {type === 'VPC' && (
        <Select
          label={t('wizard.access')}
          withAsterisk
          searchable
          data={(accesses.data ?? []).map((access) => access.Name ?? '')}
          {...form.getInputProps('access')}
          value={form.values.access || null}
        />
      )}
      {(type === 'HTTP' || type === 'VPC') && (
        <NumberInput label={t('wizard.timeout')} hideControls {...form.getInputProps('timeout')} />
      )}
      {type === 'MOCK' && (
        <>
          <NumberInput label={t('wizard.mockStatus')} hideControls {...form.getInputProps('status')} />
          <Textarea label={t('wizard.mockBody')} autosize minRows={3} {...form.getInputProps('body')} />
        </>
      )}
      {!WITH_INPUTS.includes(type) && (
        <JsonInput
          label="BackendModelData"
          description={t('backend.jsonHint')}
          autosize
          minRows={6}
          {...form.getInputProps('json')}
        />
      )}
      <TextInput label={t('common.description')} {...form.getInputProps('description')} />
    </FormDialog>
  );
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
