// Where calls go, for each kind of backend. Each writes its own fields of ServiceConfig and leaves the others.
import { Alert, Button, Checkbox, Code, Group, NumberInput, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useAccesses } from '../../api/queries';
import { useTexts } from '../../i18n';
import { type Row, Rows } from '../../parts/Rows';
import { CreateAccess } from '../vpcs/AccessForm';
import { accessName, type Fields } from './draft';

export interface KindProps {
  service: Fields;
  set: (changes: Fields) => void;
  problems: Record<string, string>;
}

const text = (value: unknown) => (value === undefined || value === null ? '' : String(value));

/** Of a structure inside ServiceConfig: its fields, and the way to change some. */
function inner(props: KindProps, name: string): [Fields, (changes: Fields) => void] {
  const fields = (props.service[name] ?? {}) as Fields;
  return [fields, (changes) => props.set({ [name]: { ...fields, ...changes } })];
}

export function VpcKind(props: KindProps) {
  const { t } = useTexts();
  const accesses = useAccesses();
  const [creating, dialog] = useDisclosure(false);
  const [vpc, setVpc] = inner(props, 'VpcConfig');
  const chosen = accessName(props.service);
  const choices = (accesses.data ?? []).map((access) => ({
    value: access.Name ?? '',
    label: `${access.Name} (${access.VpcId} ${access.InstanceId}:${access.Port})`,
  }));
  // A draft may be ahead of what there is.
  if (chosen && !choices.some((one) => one.value === chosen)) choices.push({ value: chosen, label: chosen });
  return (
    <>
      <Group align="flex-end">
        <Select
          style={{ flex: 1 }}
          label={t('wizard.access')}
          description={accesses.data?.length === 0 ? t('wizard.noAccess') : undefined}
          withAsterisk
          searchable
          data={choices}
          value={chosen || null}
          error={props.problems['service.VpcConfig']}
          onChange={(value) => setVpc({ Name: value ?? '' })}
        />
        <Button variant="default" leftSection={<IconPlus size={14} />} onClick={dialog.open}>
          {t('vpc.create')}
        </Button>
      </Group>
      <Group grow align="flex-start">
        <Select
          label={t('kind.scheme')}
          description={t('kind.schemeHint')}
          allowDeselect={false}
          data={['HTTP', 'HTTPS']}
          value={text(vpc.VpcScheme).toUpperCase() || 'HTTP'}
          onChange={(value) => setVpc({ VpcScheme: value })}
        />
        <TextInput
          label={t('kind.host')}
          description={t('kind.hostHint')}
          value={text(vpc.VpcTargetHostName)}
          onChange={(event) => setVpc({ VpcTargetHostName: event.currentTarget.value || undefined })}
        />
      </Group>
      {creating && <CreateAccess close={dialog.close} made={(name) => setVpc({ Name: name })} />}
    </>
  );
}

export function HttpKind({ service, set, problems }: KindProps) {
  const { t } = useTexts();
  const address = text(service.ServiceAddress);
  return (
    <>
      <TextInput
        label={t('wizard.address')}
        description={t('wizard.addressHint')}
        withAsterisk
        value={address}
        error={problems['service.ServiceAddress']}
        onChange={(event) => set({ ServiceAddress: event.currentTarget.value })}
      />
      {(address.startsWith('https:') || service.TlsVerify === false) && <Verify value={service.TlsVerify} set={set} />}
    </>
  );
}

/** Whether the certificate of an HTTPS backend must be good. */
export function Verify({ value, set }: { value: unknown; set: (changes: Fields) => void }) {
  const { t } = useTexts();
  return (
    <Checkbox
      label={t('kind.verify')}
      description={value === false ? t('kind.unverified') : undefined}
      checked={value !== false}
      // Verified is what holds when nothing is said.
      onChange={(event) => set({ TlsVerify: event.currentTarget.checked ? undefined : false })}
    />
  );
}

export function FunctionKind(props: KindProps) {
  const { t } = useTexts();
  const [config, set] = inner(props, 'FunctionComputeConfig');
  const hasTrigger =
    text(config.FcType).toUpperCase() === 'HTTPTRIGGER' ||
    (!config.FcType && Boolean(config.FcBaseUrl) && !config.FunctionName);
  const field = (name: string, label: string, description?: string, error?: string) => (
    <TextInput
      label={label}
      description={description}
      error={error}
      value={text(config[name])}
      onChange={(event) => set({ [name]: event.currentTarget.value || undefined })}
    />
  );
  return (
    <>
      <Select
        label={t('kind.functionType')}
        allowDeselect={false}
        data={[
          { value: 'FCEvent', label: t('kind.functionEvent') },
          { value: 'HttpTrigger', label: t('kind.functionHttp') },
        ]}
        value={hasTrigger ? 'HttpTrigger' : 'FCEvent'}
        onChange={(value) => set({ FcType: value })}
      />
      {hasTrigger ? (
        <>
          {field('FcBaseUrl', t('kind.baseUrl'), t('kind.baseUrlHint'), props.problems['service.FcBaseUrl'])}
          <Group grow align="flex-start">
            {field('Path', t('kind.functionPath'), t('kind.functionPathHint'))}
            <Select
              label={t('wizard.backendMethod')}
              clearable
              data={['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS']}
              value={text(config.Method) || null}
              onChange={(value) => set({ Method: value ?? undefined })}
            />
          </Group>
          <Checkbox
            label={t('kind.onlyBusinessPath')}
            checked={config.OnlyBusinessPath === true}
            onChange={(event) => set({ OnlyBusinessPath: event.currentTarget.checked })}
          />
        </>
      ) : (
        <>
          <Group grow align="flex-start">
            {field('FunctionName', t('kind.function'), undefined, props.problems['service.FunctionName'])}
            {field('ServiceName', t('kind.functionService'))}
          </Group>
          <Group grow align="flex-start">
            {field('FcRegionId' in config ? 'FcRegionId' : 'RegionId', t('top.region'))}
            {field('Qualifier', t('kind.qualifier'), 'LATEST')}
          </Group>
          {field('TriggerUrl', t('kind.triggerUrl'), t('kind.triggerUrlHint'))}
        </>
      )}
    </>
  );
}

export function MockKind({ service, set }: KindProps) {
  const { t } = useTexts();
  return (
    <Stack>
      <NumberInput
        label={t('wizard.mockStatus')}
        min={200}
        max={599}
        hideControls
        value={Number(service.MockStatusCode ?? 200)}
        onChange={(value) => set({ MockStatusCode: Number(value) || 200 })}
      />
      <Rows
        title={t('kind.mockHeaders')}
        rows={(service.MockHeaders ?? []) as Row[]}
        cells={[
          { field: 'HeaderName', label: t('common.name') },
          { field: 'HeaderValue', label: t('variable.value') },
        ]}
        fresh={{ HeaderName: '', HeaderValue: '' }}
        change={(rows) => set({ MockHeaders: rows.length > 0 ? rows : undefined })}
      />
      <Textarea
        label={t('wizard.mockBody')}
        autosize
        minRows={4}
        value={text(service.MockResult)}
        onChange={(event) => set({ MockResult: event.currentTarget.value })}
      />
    </Stack>
  );
}

/** Kinds that the engine does not serve: what is stored stays, and can be changed as YAML. */
export function OtherKind({ service }: KindProps) {
  const { t } = useTexts();
  return (
    <Alert color="yellow">
      {t('kind.other', { kind: text(service.ServiceProtocol) })} <Code>ServiceConfig</Code>
    </Alert>
  );
}
