// Where a backend leads in one stage, as a form for its type.
import { Group, JsonInput, NumberInput, Select, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { call } from '../../api/client';
import { type Translate, useTexts } from '../../i18n';
import { FormDialog } from '../../parts/FormDialog';
import { stageLabel, useStageOptions } from '../../parts/stages';
import { useSave } from '../../parts/useSave';
import { FunctionKind, HttpKind, MockKind, VpcKind } from '../apis/BackendKinds';
import { DiscoveryKind } from './DiscoveryKind';
import { type Backend, dataOf, type Model, type ModelData, startOf, WITH_INPUTS } from './model';

interface Values extends Record<string, unknown> {
  stage: string;
  description: string;
  data: ModelData;
  /** What was typed for a type without inputs. */
  json: string;
}

function valuesOf(type: string, model?: Model, stage = ''): Values {
  const data = model ? dataOf(model) : startOf(type);
  return {
    stage: model?.StageName ?? stage,
    description: model?.Description ?? '',
    data,
    json: JSON.stringify(data, null, 2),
  };
}

export function EditModel({ backend, model, close }: { backend: Backend; model?: Model; close: () => void }) {
  const { t } = useTexts();
  const type = backend.BackendType ?? '';
  const taken = (backend.BackendModels ?? []).map((one) => one.StageName);
  const free = useStageOptions().filter((stage) => !taken.includes(stage.value));
  const form = useForm<Values>({
    initialValues: valuesOf(type, model, free[0]?.value),
    validate: {
      data: (value) => Object.values(problemsOf(type, value, t))[0] ?? null,
      json: (value) => (WITH_INPUTS.includes(type) || isJson(value) ? null : t('backend.jsonProblem')),
    },
  });
  const save = useSave({
    run: async (values: Values) => {
      const shared = {
        BackendId: backend.BackendId ?? '',
        BackendType: type,
        Description: values.description,
        BackendModelData: WITH_INPUTS.includes(type) ? JSON.stringify(values.data) : values.json,
      };
      if (model?.BackendModelId) await call('ModifyBackendModel', { ...shared, BackendModelId: model.BackendModelId });
      else await call('CreateBackendModel', { ...shared, StageName: values.stage });
    },
    stale: ['backends', 'apis'],
    after: close,
  });
  const set = (changes: ModelData) => form.setFieldValue('data', { ...form.values.data, ...changes });
  const problems = form.errors.data ? problemsOf(type, form.values.data, t) : {};
  return (
    <FormDialog
      title={model ? t('wizard.editTitle', { name: stageLabel(t, model.StageName) }) : t('backend.addModel')}
      form={form}
      save={save}
      close={close}
      size="xl"
      fresh={
        model &&
        (async () => {
          const stored = await call('DescribeBackendInfo', { BackendId: backend.BackendId ?? '' });
          const models = stored.BackendInfo?.BackendModels;
          return valuesOf(
            type,
            models?.find((one) => one.BackendModelId === model.BackendModelId),
          );
        })
      }
    >
      {!model && (
        <Select label={t('common.stage')} allowDeselect={false} data={free} {...form.getInputProps('stage')} />
      )}
      {WITH_INPUTS.includes(type) ? (
        <Inputs type={type} data={form.values.data} set={set} problems={problems} />
      ) : (
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

interface InputProps {
  type: string;
  data: ModelData;
  set: (changes: ModelData) => void;
  problems: Record<string, string>;
}

function Inputs({ type, data, set, problems }: InputProps) {
  const { t } = useTexts();
  const mock = (data.MockConfig ?? {}) as ModelData;
  const props = { service: data, set, problems };
  if (type === 'MOCK') {
    return (
      <MockKind service={mock} set={(changes) => set({ MockConfig: { ...mock, ...changes } })} problems={problems} />
    );
  }
  return (
    <>
      {type === 'HTTP' && <HttpKind {...props} />}
      {type === 'VPC' && <VpcKind {...props} />}
      {type.startsWith('FC_') && <FunctionKind {...props} />}
      {type === 'DISCOVERY' && <DiscoveryKind {...props} />}
      <Group grow align="flex-start">
        {(type === 'HTTP' || type === 'DISCOVERY') && (
          <TextInput
            label={t('kind.host')}
            description={t('vpc.hostHint')}
            value={String(data.HttpTargetHostName ?? '')}
            onChange={(event) => set({ HttpTargetHostName: event.currentTarget.value || undefined })}
          />
        )}
        <NumberInput
          label={t('wizard.timeout')}
          description={type === 'HTTP' || type === 'DISCOVERY' ? ' ' : undefined}
          hideControls
          value={Number(data.ServiceTimeout ?? 10000)}
          onChange={(value) => set({ ServiceTimeout: Number(value) })}
        />
      </Group>
    </>
  );
}

function problemsOf(type: string, data: ModelData, t: Translate): Record<string, string> {
  const vpc = (data.VpcConfig ?? {}) as ModelData;
  if (type === 'VPC' && !vpc.Name && !vpc.VpcAccessId) return { 'service.VpcConfig': t('error.required') };
  if (type === 'HTTP' && !/^(https?:\/\/|#)/.test(String(data.ServiceAddress ?? '').trim()))
    return { 'service.ServiceAddress': t('wizard.addressProblem') };
  return {};
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
