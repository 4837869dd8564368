// Step 4: what callers get, as documentation.
import { Select, Stack, Text, Textarea } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useTexts } from '../../i18n';
import { type Row, Rows } from '../../parts/Rows';
import type { Draft } from './draft';

export function ResponseStep({ form }: { form: UseFormReturnType<Draft> }) {
  const { t } = useTexts();
  return (
    <Stack>
      <Text c="dimmed">{t('wizard.responseHint')}</Text>
      <Select
        label={t('wizard.resultType')}
        data={['JSON', 'TEXT', 'BINARY', 'XML', 'HTML', 'PASSTHROUGH']}
        {...form.getInputProps('resultType')}
      />
      <Textarea
        label={t('wizard.resultSample')}
        autosize
        minRows={4}
        maxRows={16}
        ff="monospace"
        {...form.getInputProps('resultSample')}
      />
      <Textarea
        label={t('wizard.failSample')}
        autosize
        minRows={3}
        maxRows={16}
        {...form.getInputProps('failSample')}
      />
      <Rows
        title={t('response.codes')}
        rows={(form.values.others.ErrorCodeSamples ?? []) as Row[]}
        cells={[
          { field: 'Code', label: t('response.code'), width: 140 },
          { field: 'Message', label: t('response.message') },
          { field: 'Description', label: t('common.description'), isOptional: true },
        ]}
        fresh={{ Code: '', Message: '' }}
        change={(rows) =>
          form.setFieldValue('others', ({ ErrorCodeSamples: _old, ...kept }) =>
            rows.length > 0 ? { ...kept, ErrorCodeSamples: rows } : kept,
          )
        }
      />
    </Stack>
  );
}
