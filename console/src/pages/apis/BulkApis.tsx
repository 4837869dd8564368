// One thing done to several APIs, one after the other: what failed is told with its reason and can be tried again.
import { Alert, Badge, Button, Group, Modal, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { type UseFormReturnType, useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError, call } from '../../api/client';
import { type Api, useApps } from '../../api/queries';
import { useTexts } from '../../i18n';
import { useStageOptions } from '../../parts/stages';

export type BulkAction = 'publish' | 'abolish' | 'authorize' | 'delete';

interface Outcome {
  api: Api;
  /** Without one it worked. */
  problem?: string;
}

interface Values {
  stage: string;
  remarks: string;
  app: string;
  count: string;
}

interface Props {
  action: BulkAction;
  apis: Api[];
  close: () => void;
}

export function BulkApis({ action, apis, close }: Props) {
  const { t } = useTexts();
  const queries = useQueryClient();
  const apps = useApps();
  const [outcomes, setOutcomes] = useState<Outcome[]>([]);
  const [running, setRunning] = useState(false);
  const form = useForm<Values>({
    initialValues: { stage: 'RELEASE', remarks: '', app: '', count: '' },
    validate: {
      remarks: (value) => (action !== 'publish' || value.trim() ? null : t('error.required')),
      app: (value) => (action !== 'authorize' || value ? null : t('error.required')),
      count: (value) =>
        action !== 'delete' || value.trim() === String(apis.length)
          ? null
          : t('bulk.countProblem', { count: apis.length }),
    },
  });
  const failed = outcomes.filter((one) => one.problem !== undefined);
  const isDone = outcomes.length > 0 && !running;
  const run = async (values: Values, wanted: Api[]) => {
    setRunning(true);
    const good = outcomes.filter((one) => one.problem === undefined);
    const made: Outcome[] = [];
    for (const api of wanted) {
      const problem = await attempt(() => doTo(action, api, values));
      made.push({ api, problem });
      setOutcomes([...good, ...made]);
    }
    setRunning(false);
    await queries.invalidateQueries();
  };
  return (
    <Modal
      opened
      onClose={close}
      title={t(`bulk.${action}`, { count: apis.length })}
      size="xl"
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <form onSubmit={form.onSubmit((values) => run(values, apis))}>
        <Stack>
          {outcomes.length === 0 && <Fields action={action} form={form} apps={apps.data ?? []} />}
          {action === 'delete' && outcomes.length === 0 && (
            <Text>
              {apis
                .map((api) => api.ApiName)
                .slice(0, 20)
                .join(', ')}
            </Text>
          )}
          {outcomes.length > 0 && <Outcomes outcomes={outcomes} total={apis.length} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close} disabled={running}>
              {t(isDone ? 'action.close' : 'action.cancel')}
            </Button>
            {isDone && failed.length > 0 && (
              <Button
                onClick={() =>
                  void run(
                    form.values,
                    failed.map((one) => one.api),
                  )
                }
              >
                {t('bulk.retry')}
              </Button>
            )}
            {!isDone && (
              <Button type="submit" loading={running} color={action === 'delete' ? 'red.9' : undefined}>
                {t(`bulk.${action}`, { count: apis.length })}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

async function attempt(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof ApiError && error.code !== 'Offline' ? `${error.code}: ${error.message}` : String(error);
  }
}

function doTo(action: BulkAction, api: Api, values: Values): Promise<unknown> {
  const place = { GroupId: api.GroupId ?? '', ApiId: api.ApiId ?? '' };
  switch (action) {
    case 'publish':
      return call('DeployApi', { ...place, StageName: values.stage, Description: values.remarks.trim() });
    case 'abolish':
      return call('AbolishApi', { ...place, StageName: values.stage });
    case 'authorize':
      return call('SetAppsAuthorities', { ...place, StageName: values.stage, AppIds: values.app });
    case 'delete':
      return call('DeleteApi', place);
  }
}

interface FieldsProps {
  action: BulkAction;
  form: Pick<UseFormReturnType<Values>, 'getInputProps' | 'values'>;
  apps: Array<{ AppId?: number; AppName?: string }>;
}

function Fields({ action, form, apps }: FieldsProps) {
  const { t } = useTexts();
  const stages = useStageOptions();
  if (action === 'delete') {
    return (
      <>
        <Alert color="red" role="note">
          {t('api.deleteText')} {t('delete.text')}
        </Alert>
        <TextInput label={t('bulk.count')} data-autofocus autoComplete="off" {...form.getInputProps('count')} />
      </>
    );
  }
  return (
    <>
      <Select label={t('common.stage')} allowDeselect={false} data={stages} {...form.getInputProps('stage')} />
      {action === 'publish' && (
        <TextInput label={t('publish.remarks')} withAsterisk data-autofocus {...form.getInputProps('remarks')} />
      )}
      {action === 'authorize' && (
        <Select
          label={t('authorize.app')}
          withAsterisk
          searchable
          data={apps.map((app) => ({ value: String(app.AppId), label: `${app.AppName} (${app.AppId})` }))}
          {...form.getInputProps('app')}
          value={form.values.app || null}
        />
      )}
      {action === 'abolish' && <Text>{t('bulk.abolishText')}</Text>}
    </>
  );
}

function Outcomes({ outcomes, total }: { outcomes: Outcome[]; total: number }) {
  const { t } = useTexts();
  const failed = outcomes.filter((one) => one.problem !== undefined).length;
  return (
    <Stack gap="xs">
      <Text role="status">{t('bulk.progress', { done: outcomes.length, total, failed })}</Text>
      <Table.ScrollContainer minWidth={420} maxHeight={320} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table fz="sm">
          <Table.Tbody>
            {outcomes.map((one) => (
              <Table.Tr key={one.api.ApiId}>
                <Table.Th scope="row">{one.api.ApiName}</Table.Th>
                <Table.Td>
                  <Badge color={one.problem === undefined ? 'teal.9' : 'red.9'} tt="none">
                    {t(one.problem === undefined ? 'bulk.good' : 'bulk.bad')}
                  </Badge>
                </Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{one.problem}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}
