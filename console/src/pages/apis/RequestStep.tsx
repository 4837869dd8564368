// Step 2: what a call looks like.
import {
  ActionIcon,
  Alert,
  Button,
  Checkbox,
  Group,
  MultiSelect,
  Select,
  Stack,
  Table,
  Text,
  TextInput,
} from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useTexts } from '../../i18n';
import type { StepProps } from './BasicStep';
import { type ParameterRow, placeholders } from './draft';
import { ParameterDetails } from './ParameterDetails';

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'ANY'];
const TYPES = ['String', 'Int', 'Long', 'Float', 'Double', 'Boolean', 'Array'];
const LOCATIONS = ['PATH', 'QUERY', 'HEAD', 'BODY'];

export function RequestStep({ form, problems }: StepProps) {
  const { t } = useTexts();
  const { request, parameters, others } = form.values;
  const isTwoWay = others.WebSocketApiType !== undefined || String(request.RequestProtocol).includes('WEBSOCKET');
  const path = String(request.RequestPath ?? '');
  const missing = placeholders(path).filter(
    (name) => !parameters.some((row) => row.name === name && row.location === 'PATH'),
  );
  const set = (field: string, value: unknown) => form.setFieldValue('request', { ...request, [field]: value });
  const setRows = (rows: ParameterRow[]) => form.setFieldValue('parameters', rows);
  const add = (name: string, location: string) =>
    setRows([
      ...parameters,
      {
        name,
        location,
        type: 'String',
        required: location === 'PATH',
        default: '',
        backendName: name,
        backendLocation: location,
        stored: { request: {}, service: {} },
      },
    ]);
  const change = (index: number, change: Partial<ParameterRow>) =>
    setRows(parameters.map((row, at) => (at === index ? { ...row, ...change } : row)));
  return (
    <Stack>
      <MultiSelect
        label={t('wizard.protocol')}
        data={['HTTP', 'HTTPS', 'WEBSOCKET']}
        error={problems['request.RequestProtocol']}
        value={String(request.RequestProtocol ?? '')
          .split(',')
          .filter(Boolean)}
        onChange={(value) => set('RequestProtocol', value.join(','))}
      />
      {isTwoWay && (
        <Select
          label={t('request.kind')}
          description={t('request.kindHint')}
          allowDeselect={false}
          data={(['COMMON', 'REGISTER', 'UNREGISTER', 'NOTIFY'] as const).map((value) => ({
            value,
            label: t(`request.kind.${value}`),
          }))}
          value={String(others.WebSocketApiType ?? 'COMMON').toUpperCase()}
          onChange={(value) =>
            form.setFieldValue('others', ({ WebSocketApiType: _old, ...kept }) =>
              value === 'COMMON' ? kept : { ...kept, WebSocketApiType: value },
            )
          }
        />
      )}
      <Group grow align="flex-start">
        <Select
          label={t('wizard.method')}
          data={METHODS}
          allowDeselect={false}
          value={String(request.RequestHttpMethod ?? 'GET')}
          onChange={(value) => set('RequestHttpMethod', value)}
        />
        <Select
          label={t('wizard.mode')}
          allowDeselect={false}
          data={(['PASSTHROUGH', 'MAPPING', 'MAPPING_PASSTHROUGH'] as const).map((value) => ({
            value,
            label: t(`wizard.mode.${value}`),
          }))}
          value={String(request.RequestMode ?? 'PASSTHROUGH')}
          onChange={(value) => set('RequestMode', value)}
        />
        {request.RequestMode !== 'PASSTHROUGH' && !['GET', 'HEAD'].includes(String(request.RequestHttpMethod)) && (
          <Select
            label={t('request.bodyFormat')}
            allowDeselect={false}
            data={[
              { value: 'STREAM', label: t('request.stream') },
              { value: 'FORM', label: t('request.form') },
            ]}
            value={String(request.BodyFormat ?? '').toUpperCase() || 'STREAM'}
            onChange={(value) => set('BodyFormat', value)}
          />
        )}
      </Group>
      <TextInput
        label={t('wizard.path')}
        description={t('wizard.pathHint')}
        withAsterisk
        value={path}
        error={problems['request.RequestPath']}
        onChange={(event) => set('RequestPath', event.currentTarget.value)}
      />
      {missing.map((name) => (
        <Alert key={name} color="yellow">
          <Group justify="space-between">
            <Text size="sm">{t('wizard.missingParameter', { name })}</Text>
            <Button size="xs" variant="default" onClick={() => add(name, 'PATH')}>
              {t('wizard.addIt')}
            </Button>
          </Group>
        </Alert>
      ))}
      <Group justify="space-between">
        <div>
          <Text fw={600}>{t('wizard.parameters')}</Text>
          <Text size="sm" c="dimmed">
            {t('wizard.parametersHint')}
          </Text>
        </div>
        <Button size="xs" variant="default" leftSection={<IconPlus size={14} />} onClick={() => add('', 'QUERY')}>
          {t('action.add')}
        </Button>
      </Group>
      {parameters.length === 0 ? (
        <Text c="dimmed" size="sm">
          {t('wizard.noParameters')}
        </Text>
      ) : (
        <Table.ScrollContainer minWidth={860}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                {[
                  t('common.name'),
                  t('wizard.location'),
                  t('wizard.type'),
                  t('wizard.required'),
                  t('wizard.default'),
                  t('wizard.backendName'),
                  t('wizard.backendLocation'),
                  t('action.remove'),
                ].map((title) => (
                  <Table.Th key={title} scope="col">
                    {title}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {parameters.map((row, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows have no identity while their names are typed
                <Table.Tr key={index}>
                  <Table.Td>
                    <TextInput
                      aria-label={t('common.name')}
                      value={row.name}
                      onChange={(event) => {
                        const name = event.currentTarget.value;
                        change(index, row.backendName === row.name ? { name, backendName: name } : { name });
                      }}
                    />
                  </Table.Td>
                  <Table.Td>
                    <Select
                      aria-label={t('wizard.location')}
                      data={LOCATIONS}
                      allowDeselect={false}
                      value={row.location}
                      onChange={(value) => value && change(index, { location: value })}
                      w={96}
                    />
                  </Table.Td>
                  <Table.Td>
                    <Select
                      aria-label={t('wizard.type')}
                      data={TYPES.includes(row.type) ? TYPES : [...TYPES, row.type]}
                      allowDeselect={false}
                      value={row.type}
                      onChange={(value) => value && change(index, { type: value })}
                      w={110}
                    />
                  </Table.Td>
                  <Table.Td>
                    <Checkbox
                      aria-label={t('wizard.required')}
                      checked={row.required}
                      onChange={(event) => change(index, { required: event.currentTarget.checked })}
                    />
                  </Table.Td>
                  <Table.Td>
                    <TextInput
                      aria-label={t('wizard.default')}
                      value={row.default}
                      onChange={(event) => change(index, { default: event.currentTarget.value })}
                    />
                  </Table.Td>
                  <Table.Td>
                    <TextInput
                      aria-label={t('wizard.backendName')}
                      value={row.backendName}
                      onChange={(event) => change(index, { backendName: event.currentTarget.value })}
                    />
                  </Table.Td>
                  <Table.Td>
                    <Select
                      aria-label={t('wizard.backendLocation')}
                      data={LOCATIONS}
                      allowDeselect={false}
                      value={row.backendLocation}
                      onChange={(value) => value && change(index, { backendLocation: value })}
                      w={96}
                    />
                  </Table.Td>
                  <Table.Td style={{ whiteSpace: 'nowrap' }}>
                    <ParameterDetails row={row} change={(next) => change(index, next)} />
                    <ActionIcon
                      variant="subtle"
                      color="red"
                      aria-label={`${t('action.remove')} ${row.name}`}
                      onClick={() => setRows(parameters.filter((_, at) => at !== index))}
                    >
                      <IconTrash size={16} />
                    </ActionIcon>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Stack>
  );
}
