// Data sets: values that plug-ins look up, each perhaps with an end.
import { Anchor, Badge, Code, Select, Skeleton, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { call, callAll } from '../../api/client';
import { when } from '../../api/queries';
import { type Key, useTexts } from '../../i18n';
import { CopyText } from '../../parts/CopyText';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { FormDialog } from '../../parts/FormDialog';
import { Page } from '../../parts/Page';
import { ResourcePage, ResourceSection } from '../../parts/Resource';
import { useSave } from '../../parts/useSave';

const TYPES = ['JWT_BLOCKING', 'IP_WHITELIST_CIDR', 'PARAMETER_ACCESS'] as const;

export function Datasets() {
  const { t } = useTexts();
  const datasets = useQuery({
    queryKey: ['datasets'],
    queryFn: () => callAll('DescribeDatasetList', {}, (answer) => answer.DatasetInfoList),
  });
  return (
    <ResourcePage
      title={t('dataset.title')}
      lead={t('dataset.lead')}
      list={datasets}
      rowKey={(dataset) => dataset.DatasetId ?? ''}
      searched={(dataset) => `${dataset.DatasetName} ${dataset.DatasetType} ${dataset.DatasetId}`}
      empty={t('dataset.empty')}
      create={{ label: t('dataset.create'), form: (close) => <CreateDataset close={close} /> }}
      remove={{
        name: (dataset) => dataset.DatasetName ?? '',
        text: t('dataset.deleteText'),
        run: (dataset) => call('DeleteDataset', { DatasetId: dataset.DatasetId ?? '' }),
        stale: ['datasets'],
      }}
      columns={[
        {
          title: t('common.name'),
          value: (dataset) => dataset.DatasetName,
          cell: (dataset) => (
            <Anchor
              fw={600}
              renderRoot={(props) => (
                <Link {...props} to="/datasets/$datasetId" params={{ datasetId: dataset.DatasetId ?? '' }} />
              )}
            >
              {dataset.DatasetName}
            </Anchor>
          ),
        },
        {
          title: t('wizard.type'),
          value: (dataset) => dataset.DatasetType,
          cell: (dataset) => (
            <Badge variant="default" tt="none">
              {dataset.DatasetType}
            </Badge>
          ),
        },
        {
          title: t('common.id'),
          value: (dataset) => dataset.DatasetId,
          cell: (dataset) => <CopyText value={dataset.DatasetId ?? ''} />,
        },
        {
          title: t('common.modified'),
          id: 'modified',
          value: (dataset) => dataset.ModifiedTime,
          cell: (dataset) => when(dataset.ModifiedTime),
        },
      ]}
    />
  );
}

function CreateDataset({ close }: { close: () => void }) {
  const { t } = useTexts();
  const form = useForm({
    initialValues: { name: '', type: 'JWT_BLOCKING', description: '' },
    validate: { name: (value) => (value.trim() ? null : t('error.required')) },
  });
  const save = useSave({
    run: (values: typeof form.values) =>
      call('CreateDataset', {
        DatasetName: values.name.trim(),
        DatasetType: values.type,
        Description: values.description,
      }),
    stale: ['datasets'],
    after: close,
  });
  return (
    <FormDialog title={t('dataset.create')} form={form} save={save} close={close}>
      <TextInput label={t('common.name')} withAsterisk data-autofocus {...form.getInputProps('name')} />
      <Select
        label={t('wizard.type')}
        description={t(`dataset.${form.values.type}` as Key)}
        allowDeselect={false}
        data={TYPES}
        {...form.getInputProps('type')}
      />
      <Textarea label={t('common.description')} autosize minRows={2} {...form.getInputProps('description')} />
    </FormDialog>
  );
}

export function Dataset() {
  const { t } = useTexts();
  const { datasetId } = useParams({ from: '/inside/datasets/$datasetId' });
  const dataset = useQuery({
    queryKey: ['datasets', datasetId],
    queryFn: async () => (await call('DescribeDatasetInfo', { DatasetId: datasetId })).DatasetInfo ?? {},
  });
  const items = useQuery({
    queryKey: ['datasets', datasetId, 'items'],
    queryFn: () => callAll('DescribeDatasetItemList', { DatasetId: datasetId }, (answer) => answer.DatasetItemInfoList),
  });
  const back = (
    <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/datasets" />}>
      ← {t('dataset.title')}
    </Anchor>
  );
  if (dataset.error) {
    return (
      <Page title={t('dataset.title')} back={back}>
        <ErrorNotice error={dataset.error} retry={() => void dataset.refetch()} />
      </Page>
    );
  }
  if (!dataset.data) return <Skeleton height={240} aria-label={t('common.loading')} />;
  return (
    <Page
      title={dataset.data.DatasetName ?? datasetId}
      lead={[dataset.data.DatasetType, dataset.data.Description].filter(Boolean).join(' · ')}
      back={back}
    >
      <ResourceSection
        title={t('dataset.values')}
        lead={t('dataset.valuesLead')}
        list={items}
        rowKey={(item) => item.DatasetItemId ?? ''}
        searched={(item) => `${item.Value} ${item.Description}`}
        empty={t('dataset.noValues')}
        create={{ label: t('dataset.add'), form: (close) => <AddValue datasetId={datasetId} close={close} /> }}
        remove={{
          name: (item) => item.Value ?? '',
          text: t('dataset.valueDeleteText'),
          run: (item) => call('DeleteDatasetItem', { DatasetId: datasetId, DatasetItemId: item.DatasetItemId ?? '' }),
          stale: ['datasets'],
        }}
        columns={[
          {
            title: t('variable.value'),
            cell: (item) => <Code style={{ overflowWrap: 'anywhere' }}>{item.Value}</Code>,
          },
          { title: t('common.description'), cell: (item) => item.Description || '–' },
          {
            title: t('authorize.validity'),
            cell: (item) => (item.ExpiredTime ? when(item.ExpiredTime) : <Text c="dimmed">{t('common.never')}</Text>),
          },
        ]}
      />
    </Page>
  );
}

function AddValue({ datasetId, close }: { datasetId: string; close: () => void }) {
  const { t } = useTexts();
  const form = useForm({
    initialValues: { value: '', description: '', expires: '' },
    validate: { value: (value) => (value.trim() ? null : t('error.required')) },
  });
  const save = useSave({
    run: (values: typeof form.values) =>
      call('CreateDatasetItem', {
        DatasetId: datasetId,
        Value: values.value.trim(),
        Description: values.description || undefined,
        ExpiredTime: values.expires.trim() || undefined,
      }),
    stale: ['datasets'],
    after: close,
  });
  return (
    <FormDialog title={t('dataset.add')} form={form} save={save} close={close}>
      <TextInput label={t('variable.value')} withAsterisk data-autofocus {...form.getInputProps('value')} />
      <TextInput
        label={t('authorize.validity')}
        description={t('authorize.validityHint')}
        {...form.getInputProps('expires')}
      />
      <TextInput label={t('common.description')} {...form.getInputProps('description')} />
    </FormDialog>
  );
}
