// A drawer: what is on the page, as a call of the CLI, the SDK, Terraform or as YAML.
import { Button, Drawer, SegmentedControl, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCode } from '@tabler/icons-react';
import { useState } from 'react';
import { useTexts } from '../i18n';
import { CodeBlock } from './CodeBlock';
import { type CallParams, type Notation, notationsOf, showAs } from './notations';

export function ShowAs({ operation, params }: { operation: string; params: CallParams }) {
  const { t } = useTexts();
  const [opened, { open, close }] = useDisclosure();
  const [notation, setNotation] = useState<Notation>('CLI');
  return (
    <>
      <Button variant="default" leftSection={<IconCode size={16} />} onClick={open}>
        {t('show.as')}
      </Button>
      <Drawer
        opened={opened}
        onClose={close}
        position="right"
        size="xl"
        title={t('show.title')}
        closeButtonProps={{ 'aria-label': t('action.close') }}
      >
        <Stack>
          <Text size="sm" c="dimmed">
            {t('show.lead')}
          </Text>
          <SegmentedControl
            w="fit-content"
            aria-label={t('show.as')}
            data={notationsOf(operation)}
            value={notation}
            onChange={(value) => setNotation(value as Notation)}
          />
          <CodeBlock text={showAs(notation, operation, params, window.location.origin)} />
        </Stack>
      </Drawer>
    </>
  );
}
