// Step 3: where a call goes.
import { Button, Group, NumberInput, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useAccesses } from '../../api/queries';
import { useTexts } from '../../i18n';
import { CreateAccess } from '../Vpcs';
import type { StepProps } from './BasicStep';
import { accessName, type BackendType, backendType } from './draft';

export function BackendStep({ form, problems }: StepProps) {
  const { t } = useTexts();
  const accesses = useAccesses();
  const [creating, dialog] = useDisclosure(false);
  const { service, request } = form.values;
  const kind = backendType(service);
  const set = (changes: Record<string, unknown>) => form.setFieldValue('service', { ...service, ...changes });
  const choose = (value: BackendType) => {
    if (value === 'MOCK') set({ Mock: 'TRUE' });
    else set({ Mock: 'FALSE', ServiceVpcEnable: value === 'VPC' ? 'TRUE' : 'FALSE' });
  };
  const takeAccess = (name: string) =>
    form.setFieldValue('service', (old) => ({
      ...old,
      VpcConfig: { ...((old.VpcConfig as object) ?? {}), Name: name },
    }));
  return (
    <Stack>
      <Select
        label={t('wizard.backendType')}
        allowDeselect={false}
        data={(['VPC', 'HTTP', 'MOCK'] as const).map((value) => ({ value, label: t(`wizard.backendType.${value}`) }))}
        value={kind}
        onChange={(value) => value && choose(value as BackendType)}
      />
      {kind === 'VPC' && (
        <Group align="flex-end">
          <Select
            style={{ flex: 1 }}
            label={t('wizard.access')}
            description={accesses.data?.length === 0 ? t('wizard.noAccess') : undefined}
            withAsterisk
            searchable
            data={(accesses.data ?? []).map((access) => ({
              value: access.Name ?? '',
              label: `${access.Name} (${access.VpcId} ${access.InstanceId}:${access.Port})`,
            }))}
            value={accessName(service) || null}
            error={problems['service.VpcConfig']}
            onChange={(value) => takeAccess(value ?? '')}
          />
          <Button variant="default" leftSection={<IconPlus size={14} />} onClick={dialog.open}>
            {t('vpc.create')}
          </Button>
        </Group>
      )}
      {kind === 'HTTP' && (
        <TextInput
          label={t('wizard.address')}
          description={t('wizard.addressHint')}
          withAsterisk
          value={String(service.ServiceAddress ?? '')}
          error={problems['service.ServiceAddress']}
          onChange={(event) => set({ ServiceAddress: event.currentTarget.value })}
        />
      )}
      {kind === 'MOCK' ? (
        <>
          <NumberInput
            label={t('wizard.mockStatus')}
            min={200}
            max={599}
            hideControls
            value={Number(service.MockStatusCode ?? 200)}
            onChange={(value) => set({ MockStatusCode: Number(value) || 200 })}
          />
          <Textarea
            label={t('wizard.mockBody')}
            autosize
            minRows={4}
            value={String(service.MockResult ?? '')}
            onChange={(event) => set({ MockResult: event.currentTarget.value })}
          />
        </>
      ) : (
        <>
          <TextInput
            label={t('wizard.backendPath')}
            value={String(service.ServicePath ?? '')}
            onChange={(event) => set({ ServicePath: event.currentTarget.value })}
          />
          <Select
            label={t('wizard.backendMethod')}
            allowDeselect={false}
            data={[
              ...new Set([
                String(request.RequestHttpMethod ?? 'GET'),
                'GET',
                'POST',
                'PUT',
                'DELETE',
                'PATCH',
                'HEAD',
                'OPTIONS',
                'ANY',
              ]),
            ]}
            value={String(service.ServiceHttpMethod ?? request.RequestHttpMethod ?? 'GET')}
            onChange={(value) => set({ ServiceHttpMethod: value })}
          />
          <NumberInput
            label={t('wizard.timeout')}
            hideControls
            value={Number(service.ServiceTimeout ?? 10000)}
            error={problems['service.ServiceTimeout']}
            onChange={(value) => set({ ServiceTimeout: Number(value) })}
          />
        </>
      )}
      {creating && <CreateAccess close={dialog.close} made={takeAccess} />}
    </Stack>
  );
}
