// Creating and editing an API in four steps over one document.
import { Alert, Anchor, Button, Card, Grid, Group, SegmentedControl, Skeleton, Stack, Stepper } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { ApiError, call } from '../../api/client';
import { useApi, useGroups } from '../../api/queries';
import { useTexts } from '../../i18n';
import { CodeBlock } from '../../parts/CodeBlock';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { ListProblem } from '../../parts/ListProblem';
import { Page } from '../../parts/Page';
import { useSave } from '../../parts/useSave';
import { BackendStep } from './BackendStep';
import { BasicStep } from './BasicStep';
import { Conflict } from './Conflict';
import { check, type Problems, stepOf } from './checks';
import { type Draft, NEW_DRAFT, readDraft, writeDraft } from './draft';
import { forgetDraft, keptDraft, useKeeping } from './kept';
import { RequestStep } from './RequestStep';
import { ResponseStep } from './ResponseStep';
import { backendView, callerView } from './views';
import { YamlDraft } from './YamlDraft';

export function NewApi() {
  const { group } = useSearch({ from: '/inside/apis/new' });
  return <Wizard initial={{ ...NEW_DRAFT, groupId: group ?? '' }} />;
}

export function EditApi() {
  const { t } = useTexts();
  const { groupId, apiId } = useParams({ from: '/inside/apis/$groupId/$apiId/edit' });
  const api = useApi(groupId, apiId);
  if (api.error && !api.data) {
    return (
      <Page title={t('api.title')}>
        <ErrorNotice error={api.error} retry={() => void api.refetch()} />
      </Page>
    );
  }
  // What was read before the page opened may be older than what somebody else has saved since.
  if (!api.data || (api.isFetching && !api.isFetchedAfterMount)) {
    return <Skeleton height={320} aria-label={t('common.loading')} />;
  }
  return <Wizard initial={readDraft(api.data)} apiId={apiId} revision={api.data.DraftRevision} />;
}

interface Props {
  initial: Draft;
  apiId?: string;
  revision?: number;
}

/** What the server had when the form last agreed with it. */
interface Base {
  draft: Draft;
  revision: number | undefined;
}

function Wizard({ initial, apiId, revision }: Props) {
  const { t } = useTexts();
  const [base, setBase] = useState<Base>({ draft: initial, revision });
  const [conflict, setConflict] = useState<(Base & { reason: string }) | null>(null);
  const form = useForm<Draft>({ initialValues: initial });
  const [restorable, setRestorable] = useState(() => keptDraft(apiId));
  useKeeping(apiId, form.values, form.isDirty());
  const { save, submit, problems, step, setStep } = useSaving(form.values, base, apiId, setConflict);
  const title = apiId ? t('wizard.editTitle', { name: initial.name }) : t('api.create');
  const back = (
    <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/apis" />}>
      ← {t('api.title')}
    </Anchor>
  );
  return (
    <Page title={title} back={back}>
      {restorable && (
        <Alert color="blue" withCloseButton closeButtonLabel={t('action.close')} onClose={() => setRestorable(null)}>
          <Group justify="space-between">
            {t('wizard.restorable')}
            <Button
              size="xs"
              variant="default"
              onClick={() => {
                form.setValues(restorable);
                setRestorable(null);
              }}
            >
              {t('wizard.restore')}
            </Button>
          </Group>
        </Alert>
      )}
      <Steps
        form={form}
        apiId={apiId}
        problems={problems}
        step={step}
        setStep={setStep}
        submit={submit}
        busy={save.isPending}
        error={conflict || isConflict(save.error) ? null : save.error}
      />
      {conflict && (
        <Conflict
          base={base.draft}
          theirs={conflict.draft}
          mine={form.values}
          reason={conflict.reason}
          close={() => setConflict(null)}
          take={(draft) => {
            setBase(conflict);
            setConflict(null);
            form.setValues(draft);
          }}
        />
      )}
    </Page>
  );
}

const isConflict = (error: unknown) => error instanceof ApiError && error.code === 'RevisionConflict';

function useSaving(
  draft: Draft,
  base: Base,
  apiId: string | undefined,
  conflicts: (found: Base & { reason: string }) => void,
) {
  const { t } = useTexts();
  const navigate = useNavigate();
  const [problems, setProblems] = useState<Problems>({});
  const { step = 1 } = useSearch({ strict: false }) as { step?: number };
  // Going to a step is a step in the browser's history, too.
  const setStep = (index: number) =>
    void navigate({
      to: '.',
      search: ((old: object) => ({ ...old, step: index > 0 ? index + 1 : undefined })) as never,
      resetScroll: false,
    });
  const save = useSave({
    run: async ({ values }: { values: Draft; publish: boolean }) => {
      const params = { GroupId: values.groupId, ...writeDraft(values) };
      if (!apiId) return (await call('CreateApi', params)).ApiId ?? '';
      try {
        await call('ModifyApi', { ApiId: apiId, ...params, ExpectedRevision: base.revision });
      } catch (error) {
        if (!isConflict(error)) throw error;
        const theirs = await call('DescribeApi', { GroupId: values.groupId, ApiId: apiId });
        conflicts({ draft: readDraft(theirs), revision: theirs.DraftRevision, reason: (error as ApiError).message });
        throw error;
      }
      return apiId;
    },
    stale: ['apis'],
    after: (made, { values, publish }) => {
      forgetDraft(apiId);
      void navigate({
        to: '/apis/$groupId/$apiId',
        params: { groupId: values.groupId, apiId: made },
        search: { tab: undefined, publish: publish ? 'yes' : undefined },
      });
    },
  });
  const submit = (publish: boolean) => {
    const found = check(draft, t);
    setProblems(found);
    const first = Object.keys(found)[0];
    if (first) setStep(stepOf(first));
    else save.mutate({ values: draft, publish });
  };
  return { save, submit, problems, step: step - 1, setStep };
}

interface StepsProps {
  form: ReturnType<typeof useForm<Draft>>;
  apiId: string | undefined;
  problems: Problems;
  step: number;
  setStep: (step: number) => void;
  submit: (publish: boolean) => void;
  busy: boolean;
  error: unknown;
}

function Steps({ form, apiId, problems, step, setStep, submit, busy, error }: StepsProps) {
  const { t } = useTexts();
  const groups = useGroups();
  const [view, setView] = useState<'form' | 'yaml'>('form');
  const [unread, setUnread] = useState<string>();
  const draft = form.values;
  const group = groups.data?.find((one) => one.GroupId === draft.groupId);
  const only = groups.data?.length === 1 ? groups.data[0]?.GroupId : undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a start, not a rule
  useEffect(() => {
    if (only && !draft.groupId) form.setFieldValue('groupId', only);
  }, [only]);
  const count = (index: number) => Object.keys(problems).filter((field) => stepOf(field) === index).length;
  const steps = [t('wizard.basic'), t('wizard.request'), t('wizard.backend'), t('wizard.response')];
  const isForm = view === 'form';
  const isLast = step === steps.length - 1 || !isForm;
  return (
    <>
      <ListProblem of={[groups]} />
      {groups.data?.length === 0 && <Alert color="yellow">{t('api.emptyGroup')}</Alert>}
      <Group justify="flex-end">
        <SegmentedControl
          aria-label={t('wizard.view')}
          data={[
            { value: 'form', label: t('wizard.form') },
            { value: 'yaml', label: t('wizard.yaml') },
          ]}
          value={view}
          // A text that cannot be read stays on the screen until it can.
          disabled={unread !== undefined}
          onChange={(value) => setView(value as 'form' | 'yaml')}
        />
      </Group>
      {isForm && (
        <Stepper active={step} onStepClick={setStep} size="sm">
          {steps.map((label, index) => (
            <Stepper.Step key={label} label={label} color={count(index) > 0 ? 'red' : undefined} />
          ))}
        </Stepper>
      )}
      <Grid gap="xl">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (!isLast) setStep(step + 1);
              else if (unread === undefined) submit(false);
            }}
          >
            <Stack gap="lg">
              <Card withBorder p="lg">
                {isForm ? (
                  <>
                    {step === 0 && (
                      <BasicStep form={form} problems={problems} groups={groups.data ?? []} isNew={!apiId} />
                    )}
                    {step === 1 && <RequestStep form={form} problems={problems} />}
                    {step === 2 && <BackendStep form={form} problems={problems} />}
                    {step === 3 && <ResponseStep form={form} />}
                  </>
                ) : (
                  <YamlDraft
                    draft={draft}
                    change={(next) => form.setValues(next)}
                    problem={unread}
                    setProblem={setUnread}
                  />
                )}
              </Card>
              {Object.keys(problems).length > 0 && (
                <Alert color="red" role="alert" title={t('error.title')}>
                  {[...new Set(Object.values(problems))].map((text) => (
                    <div key={text}>{text}</div>
                  ))}
                </Alert>
              )}
              {error ? <ErrorNotice error={error} /> : null}
              <Group justify="space-between">
                <Button variant="default" disabled={step === 0 || !isForm} onClick={() => setStep(step - 1)}>
                  {t('action.back')}
                </Button>
                <Group>
                  {(isLast || apiId) && (
                    <Button
                      variant={isLast ? 'default' : 'light'}
                      loading={busy}
                      disabled={unread !== undefined}
                      onClick={() => submit(true)}
                    >
                      {apiId ? `${t('action.save')} · ${t('api.publish')}…` : t('wizard.createPublish')}
                    </Button>
                  )}
                  {!isLast && apiId && (
                    <Button variant="default" onClick={() => submit(false)} loading={busy}>
                      {t('action.save')}
                    </Button>
                  )}
                  <Button type="submit" loading={isLast && busy} disabled={unread !== undefined}>
                    {isLast ? (apiId ? t('action.save') : t('wizard.create')) : t('action.next')}
                  </Button>
                </Group>
              </Group>
            </Stack>
          </form>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Stack className="rail">
            <CodeBlock
              title={t('wizard.caller')}
              text={callerView(draft, group?.SubDomain ?? '', group?.BasePath ?? '/')}
            />
            <CodeBlock title={t('wizard.sees')} text={backendView(draft)} />
          </Stack>
        </Grid.Col>
      </Grid>
    </>
  );
}
