// The same call as a program, in the reader's language.
import { Code, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTexts } from '../../i18n';
import { CodeBlock } from '../../parts/CodeBlock';
import { LANGUAGES, type Sent, type SnippetLanguage, snippet } from './snippets';

export function Snippets({ sent }: { sent: Sent }) {
  const { t } = useTexts();
  const [language, setLanguage] = useState<SnippetLanguage>('curl');
  const needed = { APPCODE: ['APP_CODE'], APPKEY: ['APP_KEY', 'APP_SECRET'] }[sent.auth] ?? [];
  return (
    <Stack gap="sm">
      <SegmentedControl
        w="fit-content"
        size="xs"
        aria-label={t('debug.language')}
        data={[...LANGUAGES]}
        value={language}
        onChange={(value) => setLanguage(value as SnippetLanguage)}
      />
      {needed.length > 0 && (
        <Text size="sm">
          {t('debug.environment')}{' '}
          {needed.map((name) => (
            <Code key={name} mr={6}>
              {name}
            </Code>
          ))}
        </Text>
      )}
      <CodeBlock text={snippet(language, sent)} />
    </Stack>
  );
}
