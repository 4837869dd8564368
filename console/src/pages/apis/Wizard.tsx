// Creating and editing an API in four steps over one document.
import { Alert, Anchor, Button, Card, Grid, Group, Skeleton, Stack, Stepper } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../../api/client';
import { useApi, useGroups } from '../../api/queries';
import { useTexts } from '../../i18n';
import { CodeBlock } from '../../parts/CodeBlock';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { Page } from '../../parts/Page';
import { useSave } from '../../parts/useSave';
import { BackendStep } from './BackendStep';
import { BasicStep } from './BasicStep';
import {
  accessName,
  backendType,
  backendView,
  callerView,
  type Draft,
  NEW_DRAFT,
  placeholders,
  readDraft,
  writeDraft,
} from './draft';
import { RequestStep } from './RequestStep';
import { ResponseStep } from './ResponseStep';

export function NewApi() {
  const { group } = useSearch({ from: '/inside/apis/new' });
  return <Wizard initial={{ ...NEW_DRAFT, groupId: group ?? '' }} />;
}

export function EditApi() {
  const { t } = useTexts();
  const { groupId, apiId } = useParams({ from: '/inside/apis/$groupId/$apiId/edit' });
  const api = useApi(groupId, apiId);
  if (api.error) {
    return (
      <Page title={t('api.title')}>
        <ErrorNotice error={api.error} retry={() => void api.refetch()} />
      </Page>
    );
  }
  if (!api.data) return <Skeleton height={320} aria-label={t('common.loading')} />;
  return <Wizard initial={readDraft(api.data)} apiId={apiId} />;
}

type Problems = Record<string, string>;

function Wizard({ initial, apiId }: { initial: Draft; apiId?: string }) {
  const { t } = useTexts();
  const navigate = useNavigate();
  const groups = useGroups();
  const [step, setStep] = useState(0);
  const form = useForm<Draft>({ initialValues: initial });
  const draft = form.values;
  const [problems, setProblems] = useState<Problems>({});
  const group = groups.data?.find((one) => one.GroupId === draft.groupId);
  const save = useSave({
    run: async ({ values }: { values: Draft; publish: boolean }) => {
      const params = { GroupId: values.groupId, ...writeDraft(values) };
      if (apiId) {
        await call('ModifyApi', { ApiId: apiId, ...params });
        return apiId;
      }
      return (await call('CreateApi', params)).ApiId ?? '';
    },
    stale: ['apis'],
    after: (made, { values, publish }) =>
      void navigate({
        to: '/apis/$groupId/$apiId',
        params: { groupId: values.groupId, apiId: made },
        search: { tab: undefined, publish: publish ? 'yes' : undefined },
      }),
  });
  const submit = (publish: boolean) => {
    const found = check(draft, t);
    setProblems(found);
    const first = Object.keys(found)[0];
    if (first) {
      setStep(stepOf(first));
      return;
    }
    save.mutate({ values: draft, publish });
  };
  const count = (index: number) => Object.keys(problems).filter((field) => stepOf(field) === index).length;
  const title = apiId ? t('wizard.editTitle', { name: initial.name }) : t('api.create');
  const back = (
    <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/apis" />}>
      ← {t('api.title')}
    </Anchor>
  );
  const steps = [t('wizard.basic'), t('wizard.request'), t('wizard.backend'), t('wizard.response')];
  const isLast = step === steps.length - 1;
  return (
    <Page title={title} back={back}>
      {groups.data?.length === 0 && <Alert color="yellow">{t('api.emptyGroup')}</Alert>}
      <Stepper active={step} onStepClick={setStep} size="sm">
        {steps.map((label, index) => (
          <Stepper.Step key={label} label={label} color={count(index) > 0 ? 'red' : undefined} />
        ))}
      </Stepper>
      <Grid gap="xl">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (isLast) submit(false);
              else setStep(step + 1);
            }}
          >
            <Stack gap="lg">
              <Card withBorder p="lg">
                {step === 0 && <BasicStep form={form} problems={problems} groups={groups.data ?? []} isNew={!apiId} />}
                {step === 1 && <RequestStep form={form} problems={problems} />}
                {step === 2 && <BackendStep form={form} problems={problems} />}
                {step === 3 && <ResponseStep form={form} />}
              </Card>
              {Object.keys(problems).length > 0 && (
                <Alert color="red" role="alert" title={t('error.title')}>
                  {[...new Set(Object.values(problems))].map((text) => (
                    <div key={text}>{text}</div>
                  ))}
                </Alert>
              )}
              {save.error && <ErrorNotice error={save.error} />}
              <Group justify="space-between">
                <Button variant="default" disabled={step === 0} onClick={() => setStep(step - 1)}>
                  {t('action.back')}
                </Button>
                <Group>
                  {(isLast || apiId) && (
                    <Button
                      variant={isLast ? 'default' : 'light'}
                      loading={save.isPending}
                      onClick={() => submit(true)}
                    >
                      {apiId ? `${t('action.save')} · ${t('api.publish')}…` : t('wizard.createPublish')}
                    </Button>
                  )}
                  {!isLast && apiId && (
                    <Button variant="default" onClick={() => submit(false)} loading={save.isPending}>
                      {t('action.save')}
                    </Button>
                  )}
                  <Button type="submit" loading={isLast && save.isPending}>
                    {isLast ? (apiId ? t('action.save') : t('wizard.create')) : t('action.next')}
                  </Button>
                </Group>
              </Group>
            </Stack>
          </form>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Stack>
            <CodeBlock
              title={t('wizard.caller')}
              text={callerView(draft, group?.SubDomain ?? '', group?.BasePath ?? '/')}
            />
            <CodeBlock title={t('wizard.sees')} text={backendView(draft)} />
          </Stack>
        </Grid.Col>
      </Grid>
    </Page>
  );
}

/** Which step shows a field. */
function stepOf(field: string): number {
  if (field.startsWith('request.') || field.startsWith('parameters')) return 1;
  return field.startsWith('service.') ? 2 : 0;
}

function check(draft: Draft, t: ReturnType<typeof useTexts>['t']): Problems {
  const found: Problems = {};
  if (!draft.groupId) found.groupId = `${t('api.group')}: ${t('error.required')}`;
  if (!draft.name.trim()) found.name = `${t('api.name')}: ${t('error.required')}`;
  const path = String(draft.request.RequestPath ?? '');
  if (!path.startsWith('/') || /[?#]/.test(path))
    found['request.RequestPath'] = `${t('wizard.path')}: ${t('wizard.pathProblem')}`;
  for (const name of placeholders(path)) {
    if (!draft.parameters.some((row) => row.location === 'PATH' && row.name === name)) {
      found[`parameters.${name}`] = t('wizard.missingParameter', { name });
    }
  }
  const kind = backendType(draft.service);
  if (
    kind === 'VPC' &&
    !accessName(draft.service) &&
    !(draft.service.VpcConfig as { VpcAccessId?: string } | undefined)?.VpcAccessId
  ) {
    found['service.VpcConfig'] = `${t('wizard.access')}: ${t('error.required')}`;
  }
  if (kind === 'HTTP' && !/^https?:\/\/./.test(String(draft.service.ServiceAddress ?? ''))) {
    found['service.ServiceAddress'] = `${t('wizard.address')}: ${t('wizard.addressProblem')}`;
  }
  const timeout = Number(draft.service.ServiceTimeout ?? 10000);
  if (kind !== 'MOCK' && !(timeout >= 1 && timeout <= 600000))
    found['service.ServiceTimeout'] = t('wizard.timeoutProblem');
  return found;
}
