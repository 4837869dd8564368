// A grant: an app, an API, an environment, perhaps an end. Reached from the API and from the app.
import { Button, Group, Modal, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { call } from '../../api/client';
import { useApis, useApps } from '../../api/queries';
import { useTexts } from '../../i18n';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { ListProblem } from '../../parts/ListProblem';
import { stageLabel, useStageOptions } from '../../parts/stages';
import { useSave } from '../../parts/useSave';

interface Props {
  opened: boolean;
  close: () => void;
  api?: { groupId: string; id: string; name: string };
  app?: { id: number; name: string };
}

export function Authorize({ opened, close, api, app }: Props) {
  const { t } = useTexts();
  const stages = useStageOptions();
  const apps = useApps();
  const apis = useApis();
  const form = useForm({
    initialValues: {
      stage: 'RELEASE',
      app: app ? String(app.id) : '',
      api: api?.id ?? '',
      until: '',
      remarks: '',
    },
    validate: {
      app: (value) => (value ? null : t('error.required')),
      api: (value) => (value ? null : t('error.required')),
    },
  });
  const nameOf = (values: typeof form.values) => ({
    app: app?.name ?? apps.data?.find((one) => String(one.AppId) === values.app)?.AppName ?? values.app,
    api: api?.name ?? apis.data?.find((one) => one.ApiId === values.api)?.ApiName ?? values.api,
  });
  const save = useSave({
    run: (values: typeof form.values) =>
      call('SetAppsAuthorities', {
        GroupId: api?.groupId ?? apis.data?.find((one) => one.ApiId === values.api)?.GroupId,
        ApiId: values.api,
        AppIds: values.app,
        StageName: values.stage,
        AuthValidTime: values.until.trim() || undefined,
        Description: values.remarks.trim() || undefined,
      }),
    stale: ['grants'],
    done: (_, values) => t('authorize.done', { ...nameOf(values), stage: stageLabel(t, values.stage) }),
    after: () => {
      form.reset();
      close();
    },
  });
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={t('authorize.title', { name: api?.name ?? app?.name ?? '' })}
      size="lg"
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <ListProblem of={app ? [apis] : api ? [apps] : [apis, apps]} />
          <Select label={t('common.stage')} data={stages} allowDeselect={false} {...form.getInputProps('stage')} />
          {!app && (
            <Select
              label={t('authorize.app')}
              withAsterisk
              searchable
              data={(apps.data ?? []).map((one) => ({
                value: String(one.AppId),
                label: `${one.AppName} (${one.AppId})`,
              }))}
              {...form.getInputProps('app')}
            />
          )}
          {!api && (
            <Select
              label={t('authorize.api')}
              withAsterisk
              searchable
              data={(apis.data ?? []).map((one) => ({
                value: one.ApiId ?? '',
                label: `${one.ApiName} (${one.GroupName})`,
              }))}
              {...form.getInputProps('api')}
            />
          )}
          <TextInput
            label={t('authorize.validity')}
            description={t('authorize.validityHint')}
            {...form.getInputProps('until')}
          />
          <Textarea label={t('publish.remarks')} autosize minRows={2} {...form.getInputProps('remarks')} />
          {save.error && <ErrorNotice error={save.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t('action.confirm')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
