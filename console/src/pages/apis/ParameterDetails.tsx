// What a parameter may be, beyond its row: limits, allowed values, a pattern that is tried against the example.
import { ActionIcon, Group, NumberInput, Popover, Stack, TextInput } from '@mantine/core';
import { IconSettings } from '@tabler/icons-react';
import { useTexts } from '../../i18n';
import type { Fields, ParameterRow } from './draft';

export function ParameterDetails({ row, change }: { row: ParameterRow; change: (row: ParameterRow) => void }) {
  const { t } = useTexts();
  const { request } = row.stored;
  const set = (name: string, value: unknown) => {
    const { [name]: _old, ...others } = request;
    const changed: Fields = value === '' ? others : { ...request, [name]: value };
    change({ ...row, stored: { ...row.stored, request: changed } });
  };
  const text = (name: string, label: string, hint?: string, error?: string) => (
    <TextInput
      label={label}
      description={hint}
      error={error}
      value={String(request[name] ?? '')}
      onChange={(event) => set(name, event.currentTarget.value)}
    />
  );
  const number = (name: string, label: string) => (
    <NumberInput
      label={label}
      hideControls
      value={(request[name] as number | undefined) ?? ''}
      onChange={(value) => set(name, value === '' ? '' : Number(value))}
    />
  );
  const isNumeric = ['Int', 'Long', 'Float', 'Double'].includes(row.type);
  return (
    <Popover width={380} position="bottom-end" trapFocus withArrow>
      <Popover.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t('request.details', { name: row.name })}>
          <IconSettings size={16} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          {text('Description', t('common.description'))}
          {text('DemoValue', t('request.example'))}
          {text('EnumValue', t('request.enum'), t('request.enumHint'))}
          {text('RegularExpression', t('request.pattern'), undefined, patternProblem(request, t))}
          <Group grow>
            {number('MinLength', t('request.minLength'))}
            {number('MaxLength', t('request.maxLength'))}
          </Group>
          {isNumeric && (
            <Group grow>
              {number('MinValue', t('request.minValue'))}
              {number('MaxValue', t('request.maxValue'))}
            </Group>
          )}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function patternProblem(request: Fields, t: ReturnType<typeof useTexts>['t']): string | undefined {
  const pattern = String(request.RegularExpression ?? '');
  const example = String(request.DemoValue ?? '');
  if (pattern === '') return undefined;
  try {
    const isMatch = new RegExp(pattern, 'u').test(example);
    return example === '' || isMatch ? undefined : t('request.patternMiss');
  } catch {
    return t('request.patternBad');
  }
}
