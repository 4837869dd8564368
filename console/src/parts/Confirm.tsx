// A question before what cannot be undone or acts at once.
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
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
}

export function Confirm(props: Props) {
  const { t } = useTexts();
  return (
    <Modal
      opened={props.opened}
      onClose={props.close}
      title={props.title}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack>
        <Text>{props.text}</Text>
        {props.error ? <ErrorNotice error={props.error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={props.close}>
            {t('action.cancel')}
          </Button>
          <Button color={props.color ?? 'red'} loading={props.busy} onClick={props.confirm}>
            {props.action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
