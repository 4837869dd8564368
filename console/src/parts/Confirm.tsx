// A question before what cannot be undone or acts at once.
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTexts } from '../i18n';
import { ErrorNotice } from './ErrorNotice';

interface Props {
  opened: boolean;
  title: string;
  text: string;
  action: string;
  color?: string;
  busy: boolean;
  error: unknown;
  close: () => void;
  confirm: () => void;
  /** What the question is about, under its text. */
  children?: ReactNode;
}

export function Confirm(props: Props) {
  const { t } = useTexts();
  return (
    <Modal
      opened={props.opened}
      onClose={props.close}
      title={props.title}
      size={props.children ? 'xl' : 'md'}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack>
        <Text>{props.text}</Text>
        {props.children}
        {props.error ? <ErrorNotice error={props.error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={props.close}>
            {t('action.cancel')}
          </Button>
          <Button color={props.color ?? 'red.9'} loading={props.busy} onClick={props.confirm}>
            {props.action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
