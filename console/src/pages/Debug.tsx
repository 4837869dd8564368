// Trying an API out: the request leaves from the gateway's machine, and a refusal says who refused and what to do.
import { Button, Card, Grid, Group, Select, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { call } from '../api/client';
import { useApi, useApis, useApps, useGroups } from '../api/queries';
import { useTexts } from '../i18n';
import { ErrorNotice } from '../parts/ErrorNotice';
import { ListProblem } from '../parts/ListProblem';
import { Page } from '../parts/Page';
import { stageLabel, useStageOptions } from '../parts/stages';
import { DebugAnswer } from './DebugAnswer';
import { INPUTS } from './debug/Refused';
import { Replay } from './debug/Replay';
import { noteFirstCall } from './firstCall';

const LIMIT = 512 * 1024;

/** One `Name: value` a line. */
export function readHeaders(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return colon < 0 ? [line.trim(), ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}

const isApp = (auth: string) => auth === 'APPCODE' || auth === 'APPKEY';

function tokenOf(values: { auth: string; token: string; tokenHeader: string }): Record<string, string> {
  const name = values.tokenHeader.trim() || 'Authorization';
  const token = values.token.trim();
  if (values.auth !== 'JWT' || token === '') return {};
  return { [name]: name.toLowerCase() === 'authorization' ? `Bearer ${token.replace(/^bearer\s+/i, '')}` : token };
}

export function Debug() {
  const { t } = useTexts();
  const search = useSearch({ from: '/inside/debug' });
  const stages = useStageOptions();
  const apis = useApis();
  const apps = useApps();
  const form = useForm({
    initialValues: {
      api: search.api ?? '',
      stage: search.stage ?? 'RELEASE',
      draft: search.draft === true,
      method: 'GET',
      path: '',
      auth: 'APPCODE',
      app: '',
      token: '',
      tokenHeader: 'Authorization',
      headers: '',
      body: '',
    },
    validate: { api: (value) => (value ? null : t('error.required')) },
  });
  const chosen = apis.data?.find((api) => api.ApiId === form.values.api);
  const detail = useApi(chosen?.GroupId ?? '', chosen ? form.values.api : '');
  const isReplay = search.replay !== undefined && search.api === form.values.api;
  const groups = useGroups();
  const group = groups.data?.find((one) => one.GroupId === chosen?.GroupId);
  // A new choice brings its own method and path.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the loaded API decides
  useEffect(() => {
    if (!detail.data || !group || isReplay) return;
    const base = group.BasePath === '/' ? '' : group.BasePath;
    const method = detail.data.RequestConfig?.RequestHttpMethod ?? 'GET';
    form.setFieldValue('method', method === 'ANY' ? 'GET' : method);
    form.setFieldValue('path', `${base}${detail.data.RequestConfig?.RequestPath ?? '/'}`);
    form.setFieldValue('auth', detail.data.AuthType === 'ANONYMOUS' ? 'NONE' : 'APPCODE');
  }, [detail.data, group?.GroupId]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first app is a start, not a rule
  useEffect(() => {
    const first = apps.data?.[0]?.AppId;
    if (first !== undefined && !form.values.app) form.setFieldValue('app', String(first));
  }, [apps.data]);
  const size = new TextEncoder().encode(form.values.body).length;
  const send = useMutation({
    mutationFn: (values: typeof form.values) =>
      call('DebugApi', {
        ApiId: values.api,
        StageName: values.stage,
        Draft: values.draft || undefined,
        Method: values.method,
        Path: values.path,
        Authentication: isApp(values.auth) ? values.auth : 'NONE',
        AppId: isApp(values.auth) ? values.app || undefined : undefined,
        Headers: JSON.stringify({ ...readHeaders(values.headers), ...tokenOf(values) }),
        Body: values.body || undefined,
      }),
    onSuccess: (result) => {
      if ((result.Status ?? 0) < 400) noteFirstCall();
    },
  });
  return (
    <Page title={t('debug.title')} lead={t('debug.lead')}>
      {search.replay && (
        <Replay
          id={search.replay}
          fill={({ method, path, headers, body, app, auth }) => {
            form.setFieldValue('method', method);
            form.setFieldValue('path', path);
            form.setFieldValue('headers', headers);
            form.setFieldValue('body', body);
            if (app) form.setFieldValue('app', app);
            if (auth) form.setFieldValue('auth', auth);
          }}
        />
      )}
      <Grid gap="xl">
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Card withBorder p="lg">
            <form
              onSubmit={form.onSubmit((values) => {
                if (size <= LIMIT) send.mutate(values);
              })}
            >
              <Stack>
                <ListProblem of={[apis, apps]} />
                <Select
                  label={t('debug.api')}
                  withAsterisk
                  searchable
                  data={(apis.data ?? []).map((api) => ({
                    value: api.ApiId ?? '',
                    label: `${api.ApiName} (${api.GroupName})`,
                  }))}
                  {...form.getInputProps('api')}
                />
                <Group grow>
                  <Select
                    label={t('common.stage')}
                    allowDeselect={false}
                    data={stages}
                    {...form.getInputProps('stage')}
                  />
                  <Select
                    label={t('debug.method')}
                    allowDeselect={false}
                    data={['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS']}
                    {...form.getInputProps('method')}
                  />
                </Group>
                <Switch
                  label={t('debug.draft')}
                  description={t('debug.draftHint', { stage: stageLabel(t, form.values.stage) })}
                  {...form.getInputProps('draft', { type: 'checkbox' })}
                />
                <TextInput id={INPUTS.path} label={t('debug.path')} {...form.getInputProps('path')} />
                <Group grow>
                  <Select
                    id={INPUTS.auth}
                    label={t('debug.auth')}
                    allowDeselect={false}
                    data={[
                      { value: 'APPCODE', label: t('debug.auth.appcode') },
                      { value: 'APPKEY', label: t('debug.auth.signature') },
                      { value: 'JWT', label: t('debug.auth.jwt') },
                      { value: 'NONE', label: t('debug.auth.none') },
                    ]}
                    {...form.getInputProps('auth')}
                  />
                  {isApp(form.values.auth) && (
                    <Select
                      label={t('debug.app')}
                      searchable
                      data={(apps.data ?? []).map((app) => ({
                        value: String(app.AppId),
                        label: `${app.AppName} (${app.AppId})`,
                      }))}
                      {...form.getInputProps('app')}
                    />
                  )}
                </Group>
                {form.values.auth === 'JWT' && (
                  <>
                    <Textarea
                      label={t('debug.token')}
                      description={t('debug.tokenHint')}
                      autosize
                      maxRows={6}
                      {...form.getInputProps('token')}
                    />
                    <TextInput label={t('debug.tokenHeader')} {...form.getInputProps('tokenHeader')} />
                  </>
                )}
                <Textarea
                  id={INPUTS.headers}
                  label={t('debug.headers')}
                  description={t('debug.headersHint')}
                  autosize
                  minRows={2}
                  {...form.getInputProps('headers')}
                />
                <Textarea
                  id={INPUTS.body}
                  label={t('debug.body')}
                  description={t('debug.bodySize', { size: `${(size / 1024).toFixed(1)} KB` })}
                  rows={6}
                  resize="vertical"
                  {...form.getInputProps('body')}
                  error={size > LIMIT ? t('debug.bodyTooLarge') : undefined}
                />
                <Button type="submit" loading={send.isPending} disabled={size > LIMIT}>
                  {t('debug.send')}
                </Button>
              </Stack>
            </form>
          </Card>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 7 }}>
          {send.error && <ErrorNotice error={send.error} />}
          {!send.data && !send.error && (
            <Card withBorder p="xl">
              <Text c="dimmed">{t('debug.empty')}</Text>
            </Card>
          )}
          {send.data && send.variables && (
            <DebugAnswer
              result={send.data}
              called={{
                groupId: chosen?.GroupId ?? '',
                apiId: send.variables.api,
                appId: isApp(send.variables.auth) ? send.variables.app : '',
                stage: send.variables.stage,
                auth: send.variables.auth,
                body: send.variables.body,
              }}
            />
          )}
        </Grid.Col>
      </Grid>
    </Page>
  );
}
