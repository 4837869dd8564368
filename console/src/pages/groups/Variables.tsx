// What #Name# stands for in each stage of a group; a change acts at once.
import {
  ActionIcon,
  Alert,
  Button,
  Code,
  Group,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  Text,
  TextInput,
} from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/client';
import { type Key, useTexts } from '../../i18n';
import { FormDialog } from '../../parts/FormDialog';
import { ResourceSection } from '../../parts/Resource';
import { inOrder, stageLabel } from '../../parts/stages';
import { useSave } from '../../parts/useSave';
import { readVariable, type Variable, writeVariable } from './route';

interface Props {
  groupId: string;
  stages: Array<{ StageId?: string; StageName?: string }>;
}

export function Variables({ groupId, stages }: Props) {
  const { t } = useTexts();
  const names = inOrder(stages.map((one) => one.StageName ?? ''));
  const ordered = names.map((name) => stages.find((one) => one.StageName === name) ?? {});
  const [stageId, setStageId] = useState(ordered[0]?.StageId ?? '');
  const stage = stages.find((one) => one.StageId === stageId);
  const place = { GroupId: groupId, StageId: stageId };
  const shown = useQuery({ queryKey: ['groups', 'stage', stageId], queryFn: () => call('DescribeApiStage', place) });
  const name = stageLabel(t, stage?.StageName);
  return (
    <ResourceSection
      title={t('variable.title')}
      lead={t('variable.lead')}
      list={{
        data: shown.data && (shown.data.Variables?.VariableItem ?? []),
        error: shown.error,
        refetch: shown.refetch,
      }}
      rowKey={(variable) => variable.VariableName ?? ''}
      searched={(variable) => `${variable.VariableName} ${variable.VariableValue}`}
      empty={t('variable.empty', { stage: name })}
      create={{
        label: t('variable.create'),
        form: (close) => <EditVariable place={place} stage={name} close={close} />,
      }}
      edit={(variable, close) => <EditVariable place={place} stage={name} variable={variable} close={close} />}
      remove={{
        name: (variable) => variable.VariableName ?? '',
        text: t('variable.deleteText'),
        run: (variable) => call('DeleteApiStageVariable', { ...place, VariableName: variable.VariableName ?? '' }),
        stale: ['groups'],
      }}
      columns={[
        { title: t('common.name'), cell: (variable) => <Code>#{variable.VariableName}#</Code> },
        { title: t('variable.value'), cell: (variable) => <Value variable={variable} /> },
      ]}
    >
      <SegmentedControl
        w="fit-content"
        aria-label={t('common.stage')}
        value={stageId}
        onChange={setStageId}
        data={ordered.map((one) => ({ value: one.StageId ?? '', label: stageLabel(t, one.StageName) }))}
      />
    </ResourceSection>
  );
}

function Value({ variable }: { variable: Variable }) {
  const { t } = useTexts();
  const form = readVariable(variable);
  if (!form.isRouted) return <Code style={{ overflowWrap: 'anywhere' }}>{form.value}</Code>;
  return (
    <Stack gap={2}>
      <Text size="sm">
        {t('variable.routedBy', { place: t(`variable.${form.location}` as Key), name: form.parameter })}
      </Text>
      {form.rules.map((rule) => (
        <Text size="sm" key={rule.condition}>
          {rule.condition} → <Code>{rule.result}</Code>
        </Text>
      ))}
    </Stack>
  );
}

interface EditProps {
  place: { GroupId: string; StageId: string };
  stage: string;
  variable?: Variable;
  close: () => void;
}

function EditVariable({ place, stage, variable, close }: EditProps) {
  const { t } = useTexts();
  const form = useForm({
    initialValues: readVariable(variable),
    validate: {
      name: (value) => (/^\w{1,50}$/.test(value.trim()) ? null : t('variable.nameProblem')),
      parameter: (value, values) => (!values.isRouted || value.trim() ? null : t('error.required')),
      rules: { condition: (value, values) => (!values.isRouted || value.trim() ? null : t('error.required')) },
    },
  });
  const save = useSave({
    run: (values: typeof form.values) => call('CreateApiStageVariable', { ...place, ...writeVariable(values) }),
    stale: ['groups'],
    after: close,
  });
  const { isRouted, rules } = form.values;
  return (
    <FormDialog
      title={variable ? t('wizard.editTitle', { name: variable.VariableName ?? '' }) : t('variable.create')}
      form={form as never}
      save={save as never}
      close={close}
      fresh={
        variable &&
        ((async () => {
          const stored = await call('DescribeApiStage', place);
          return readVariable(
            stored.Variables?.VariableItem?.find((one) => one.VariableName === variable.VariableName),
          );
        }) as never)
      }
    >
      <Alert color="yellow" variant="light" role="note">
        {t('variable.atOnce', { stage })}
      </Alert>
      <TextInput
        label={t('common.name')}
        description={t('variable.nameHint')}
        withAsterisk
        data-autofocus
        disabled={variable !== undefined}
        {...form.getInputProps('name')}
      />
      <Switch label={t('variable.routed')} {...form.getInputProps('isRouted', { type: 'checkbox' })} />
      {!isRouted && (
        <TextInput label={t('variable.value')} description={t('variable.valueHint')} {...form.getInputProps('value')} />
      )}
      {isRouted && (
        <>
          <Group grow align="flex-start">
            <Select
              label={t('wizard.location')}
              allowDeselect={false}
              data={(['QUERY', 'HEAD', 'PATH'] as const).map((one) => ({ value: one, label: t(`variable.${one}`) }))}
              {...form.getInputProps('location')}
            />
            <TextInput label={t('variable.parameter')} withAsterisk {...form.getInputProps('parameter')} />
          </Group>
          {rules.map((_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a rule is its place
            <Group key={index} align="flex-start" wrap="nowrap">
              <TextInput
                flex={1}
                label={t('variable.condition')}
                placeholder="1,2"
                {...form.getInputProps(`rules.${index}.condition`)}
              />
              <TextInput flex={1} label={t('variable.result')} {...form.getInputProps(`rules.${index}.result`)} />
              <ActionIcon
                mt={26}
                size="lg"
                variant="subtle"
                color="red"
                aria-label={t('action.remove')}
                disabled={rules.length === 1}
                onClick={() => form.removeListItem('rules', index)}
              >
                <IconTrash size={18} />
              </ActionIcon>
            </Group>
          ))}
          <Button
            variant="default"
            size="xs"
            w="fit-content"
            leftSection={<IconPlus size={14} />}
            onClick={() => form.insertListItem('rules', { condition: '', result: '' })}
          >
            {t('variable.addRule')}
          </Button>
        </>
      )}
    </FormDialog>
  );
}
