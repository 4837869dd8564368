// Step 3: where a call goes, and what is added to it on the way.
import { Group, NumberInput, Radio, Select, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { call, callAll } from '../../api/client';
import { useTexts } from '../../i18n';
import { type Row, Rows } from '../../parts/Rows';
import { FunctionKind, HttpKind, type KindProps, MockKind, OtherKind, VpcKind } from './BackendKinds';
import type { StepProps } from './BasicStep';
import { backendType, type Draft, type Fields, withBackendType } from './draft';

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'ANY'];
const KINDS = ['VPC', 'HTTP', 'FUNCTION', 'MOCK'] as const;
const LOCATIONS = ['HEAD', 'QUERY', 'BODY', 'PATH'];

export function BackendStep({ form, problems }: StepProps) {
  const { t } = useTexts();
  const { service, others } = form.values;
  const set = (changes: Fields) => form.setFieldValue('service', (old) => without({ ...old, ...changes }));
  const isElsewhere = others.BackendEnable === true;
  const kind = backendType(service);
  const props: KindProps = { service, set, problems };
  const kinds = KINDS.map((value) => ({ value: value as string, label: t(`wizard.backendType.${value}`) }));
  return (
    <Stack>
      <Radio.Group
        label={t('kind.mode')}
        value={isElsewhere ? 'existing' : 'own'}
        onChange={(value) =>
          form.setFieldValue('others', (old) => without({ ...old, BackendEnable: value === 'existing' || undefined }))
        }
      >
        <Group mt="xs">
          <Radio value="own" label={t('kind.own')} />
          <Radio value="existing" label={t('kind.existing')} />
        </Group>
      </Radio.Group>
      {isElsewhere ? (
        <ExistingBackend
          value={String(others.BackendId ?? '')}
          error={problems['service.BackendId']}
          choose={(id) => form.setFieldValue('others', (old) => ({ ...old, BackendId: id }))}
        />
      ) : (
        <>
          <Select
            label={t('wizard.backendType')}
            allowDeselect={false}
            data={kind === 'OTHER' ? [...kinds, { value: 'OTHER', label: String(service.ServiceProtocol) }] : kinds}
            value={kind}
            onChange={(value) =>
              value && value !== 'OTHER' && form.setFieldValue('service', withBackendType(service, value as 'VPC'))
            }
          />
          {kind === 'VPC' && <VpcKind {...props} />}
          {kind === 'HTTP' && <HttpKind {...props} />}
          {kind === 'FUNCTION' && <FunctionKind {...props} />}
          {kind === 'MOCK' && <MockKind {...props} />}
          {kind === 'OTHER' && <OtherKind {...props} />}
        </>
      )}
      {(isElsewhere || kind !== 'MOCK') && <Towards {...props} draft={form.values} />}
      {(isElsewhere || kind !== 'MOCK') && <Added draft={form.values} set={form.setFieldValue as never} />}
    </Stack>
  );
}

/** What has no value is not sent. */
const without = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

function ExistingBackend(props: { value: string; error?: string; choose: (id: string) => void }) {
  const { t } = useTexts();
  const backends = useQuery({
    queryKey: ['backends'],
    queryFn: () => callAll('DescribeBackendList', {}, (answer) => answer.BackendInfoList),
  });
  return (
    <Select
      label={t('kind.backend')}
      description={backends.data?.length === 0 ? t('backend.empty') : undefined}
      withAsterisk
      searchable
      data={(backends.data ?? []).map((one) => ({
        value: one.BackendId ?? '',
        label: `${one.BackendName} (${one.BackendType})`,
      }))}
      value={props.value || null}
      error={props.error}
      onChange={(value) => props.choose(value ?? '')}
    />
  );
}

/** What the API says itself, wherever its calls go. */
function Towards({ service, set, problems, draft }: KindProps & { draft: Draft }) {
  const { t } = useTexts();
  const method = String(draft.request.RequestHttpMethod ?? 'GET');
  const category = String(service.ContentTypeCatagory ?? '').toUpperCase() || 'DEFAULT';
  return (
    <>
      <TextInput
        label={t('wizard.backendPath')}
        value={String(service.ServicePath ?? '')}
        onChange={(event) => set({ ServicePath: event.currentTarget.value })}
      />
      <Group grow align="flex-start">
        <Select
          label={t('wizard.backendMethod')}
          allowDeselect={false}
          data={[...new Set([method, ...METHODS])]}
          value={String(service.ServiceHttpMethod ?? method)}
          onChange={(value) => set({ ServiceHttpMethod: value })}
        />
        <NumberInput
          label={t('wizard.timeout')}
          hideControls
          value={Number(service.ServiceTimeout ?? 10000)}
          error={problems['service.ServiceTimeout']}
          onChange={(value) => set({ ServiceTimeout: Number(value) })}
        />
      </Group>
      <Group grow align="flex-start">
        <Select
          label={t('kind.contentType')}
          allowDeselect={false}
          data={(['DEFAULT', 'CLIENT', 'CUSTOM'] as const).map((value) => ({
            value,
            label: t(`kind.contentType.${value}`),
          }))}
          value={category}
          onChange={(value) => set({ ContentTypeCatagory: value })}
        />
        {category === 'CUSTOM' && (
          <TextInput
            label="Content-Type"
            value={String(service.ContentTypeValue ?? '')}
            onChange={(event) => set({ ContentTypeValue: event.currentTarget.value })}
          />
        )}
      </Group>
    </>
  );
}

function Added({ draft, set }: { draft: Draft; set: (field: 'constants' | 'systems', rows: Row[]) => void }) {
  const { t } = useTexts();
  const known = useQuery({
    queryKey: ['system-parameters'],
    queryFn: () => call('DescribeSystemParameters', {}),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const names = (known.data?.SystemParams?.SystemParamItem ?? []).map((one) => one.ParamName ?? '');
  const name = { field: 'ServiceParameterName', label: t('wizard.backendName') };
  const location = { field: 'Location', label: t('wizard.backendLocation'), options: LOCATIONS, width: 120 };
  return (
    <>
      <Rows
        title={t('kind.constants')}
        hint={t('kind.constantsHint')}
        rows={draft.constants}
        cells={[
          name,
          { field: 'ConstantValue', label: t('variable.value') },
          location,
          { field: 'Description', label: t('common.description'), isOptional: true },
        ]}
        fresh={{ ServiceParameterName: '', ConstantValue: '', Location: 'HEAD' }}
        change={(rows) => set('constants', rows)}
      />
      <Rows
        title={t('kind.systems')}
        hint={t('kind.systemsHint')}
        rows={draft.systems}
        cells={[{ field: 'ParameterName', label: t('kind.system'), options: names }, name, location]}
        fresh={{ ParameterName: names[0] ?? 'CaClientIp', ServiceParameterName: '', Location: 'HEAD' }}
        change={(rows) => set('systems', rows)}
      />
    </>
  );
}
