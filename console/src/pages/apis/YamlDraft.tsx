// The draft as one text; the form takes it over while it can be read.
import { Alert, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTexts } from '../../i18n';
import { Editor } from '../../parts/Editor';
import { fromYaml, toYaml } from './document';
import type { Draft } from './draft';

interface Props {
  draft: Draft;
  change: (draft: Draft) => void;
  problem: string | undefined;
  setProblem: (text: string | undefined) => void;
}

export function YamlDraft({ draft, change, problem, setProblem }: Props) {
  const { t } = useTexts();
  const [text, setText] = useState(() => toYaml(draft));
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        {t('wizard.yamlHint')}
      </Text>
      <Editor
        label={t('wizard.yaml')}
        value={text}
        onChange={(next) => {
          setText(next);
          try {
            change(fromYaml(next, draft.groupId));
            setProblem(undefined);
          } catch (error) {
            setProblem(error instanceof Error ? error.message : String(error));
          }
        }}
      />
      {problem && (
        <Alert color="red" role="alert" title={t('wizard.yamlProblem')} style={{ whiteSpace: 'pre-wrap' }}>
          {problem}
        </Alert>
      )}
    </Stack>
  );
}
