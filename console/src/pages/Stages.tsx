// Environments: RELEASE, PRE and TEST, and those of one's own, which every group has then.
import { Badge, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { type Answer, call } from '../api/client';
import { when } from '../api/queries';
import { useTexts } from '../i18n';
import { FormDialog } from '../parts/FormDialog';
import { ResourcePage } from '../parts/Resource';
import { useStageModels } from '../parts/stages';
import { useSave } from '../parts/useSave';

type StageModel = NonNullable<Answer<'DescribeStageModels'>['StageModelInfoList']>[number];

export function Stages() {
  const { t } = useTexts();
  const isOwn = (stage: StageModel) => stage.Type === 'CUSTOM';
  return (
    <ResourcePage
      title={t('nav.stages')}
      lead={t('stages.lead')}
      list={useStageModels()}
      rowKey={(stage) => stage.StageModelId ?? ''}
      searched={(stage) => `${stage.StageName} ${stage.StageAlias}`}
      empty={t('stages.lead')}
      create={{ label: t('stages.create'), form: (close) => <EditStage close={close} /> }}
      edit={(stage, close) => <EditStage stage={stage} close={close} />}
      isFixed={(stage) => !isOwn(stage)}
      remove={{
        name: (stage) => stage.StageName ?? '',
        text: t('stages.deleteText'),
        run: (stage) => call('DeleteStageModel', { StageModelId: stage.StageModelId ?? '' }),
        stale: ['stages', 'groups'],
      }}
      columns={[
        {
          title: t('common.name'),
          value: (stage) => stage.StageName,
          cell: (stage) => <Text fw={600}>{stage.StageName}</Text>,
        },
        { title: t('stages.alias'), cell: (stage) => stage.StageAlias },
        {
          title: t('wizard.type'),
          cell: (stage) => (
            <Badge variant="default" tt="none">
              {t(isOwn(stage) ? 'stages.own' : 'stages.system')}
            </Badge>
          ),
        },
        { title: t('common.description'), cell: (stage) => stage.Description || '–' },
        { title: t('common.modified'), cell: (stage) => (isOwn(stage) ? when(stage.ModifiedTime) : '–') },
      ]}
    />
  );
}

const valuesOf = (stage?: StageModel) => ({
  name: stage?.StageName ?? '',
  alias: stage?.StageAlias ?? '',
  description: stage?.Description ?? '',
});

function EditStage({ stage, close }: { stage?: StageModel; close: () => void }) {
  const { t } = useTexts();
  const form = useForm({
    initialValues: valuesOf(stage),
    validate: {
      name: (value) => (/^[A-Za-z][\w-]{0,31}$/.test(value.trim()) ? null : t('stages.nameProblem')),
      alias: (value) => (value.trim() ? null : t('error.required')),
    },
  });
  const save = useSave({
    run: async (values: typeof form.values) => {
      const shared = { StageAlias: values.alias.trim(), Description: values.description };
      if (stage?.StageModelId) await call('ModifyStageModel', { StageModelId: stage.StageModelId, ...shared });
      else await call('CreateStageModel', { StageName: values.name.trim(), ...shared });
    },
    stale: ['stages', 'groups'],
    after: close,
  });
  return (
    <FormDialog
      title={stage ? t('wizard.editTitle', { name: stage.StageName ?? '' }) : t('stages.create')}
      form={form}
      save={save}
      close={close}
      fresh={
        stage &&
        (async () => {
          const answer = await call('DescribeStageModels', { StageName: stage.StageName, PageSize: 100 });
          return valuesOf(answer.StageModelInfoList?.find((one) => one.StageModelId === stage.StageModelId));
        })
      }
    >
      <TextInput
        label={t('common.name')}
        description={t('stages.nameHint')}
        withAsterisk
        data-autofocus
        disabled={stage !== undefined}
        {...form.getInputProps('name')}
      />
      <TextInput label={t('stages.alias')} withAsterisk {...form.getInputProps('alias')} />
      <Textarea label={t('common.description')} autosize minRows={2} {...form.getInputProps('description')} />
    </FormDialog>
  );
}
