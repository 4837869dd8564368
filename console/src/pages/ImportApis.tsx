// APIs from an OpenAPI document: first what would become of each operation, then the import itself.
import { Alert, Badge, Button, FileButton, Group, Modal, Stack, Switch, Table, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type Answer, call } from '../api/client';
import { useTexts } from '../i18n';
import { Editor } from '../parts/Editor';
import { ErrorNotice } from '../parts/ErrorNotice';
import { useSave } from '../parts/useSave';

type Result = Answer<'ImportSwagger'>;

const goodOf = (result: Result | undefined) => result?.Success?.ApiImportSwaggerSuccess ?? [];
const failedOf = (result: Result | undefined) => result?.Failed?.ApiImportSwaggerFailed ?? [];

export function ImportApis({ groupId, close }: { groupId: string; close: () => void }) {
  const { t } = useTexts();
  const [text, setText] = useState('');
  const [overwrite, setOverwrite] = useState(false);
  const send = (isDry: boolean) =>
    call('ImportSwagger', {
      GroupId: groupId,
      Data: text,
      DataFormat: /^\s*\{/.test(text) ? 'json' : 'yaml',
      Overwrite: overwrite,
      DryRun: isDry,
    });
  const dryRun = useMutation({ mutationFn: () => send(true) });
  const made = useSave({ run: () => send(false), stale: ['apis', 'models'] });
  const result = made.data ?? dryRun.data;
  const change = (next: string) => {
    setText(next);
    dryRun.reset();
  };
  const error = made.error ?? dryRun.error;
  return (
    <Modal
      opened
      onClose={close}
      size="80rem"
      title={t('import.title')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack>
        {!made.data && (
          <>
            <Group justify="space-between">
              <Text size="sm" c="dimmed">
                {t('import.hint')}
              </Text>
              <FileButton
                accept=".json,.yaml,.yml"
                onChange={(file) => {
                  if (file) void file.text().then(change);
                }}
              >
                {(props) => (
                  <Button variant="default" size="xs" {...props}>
                    {t('import.file')}
                  </Button>
                )}
              </FileButton>
            </Group>
            <Editor label={t('import.title')} value={text} onChange={change} />
            <Switch
              label={t('import.overwrite')}
              checked={overwrite}
              onChange={(event) => {
                setOverwrite(event.currentTarget.checked);
                dryRun.reset();
              }}
            />
          </>
        )}
        {error ? <ErrorNotice error={error} /> : null}
        {made.data && (
          <Alert color={failedOf(made.data).length > 0 ? 'yellow' : 'teal'} role="status">
            {t('import.done', { good: goodOf(made.data).length, failed: failedOf(made.data).length })}
          </Alert>
        )}
        {result && <Outcome result={result} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {made.data ? t('action.close') : t('action.cancel')}
          </Button>
          {!made.data && (
            <>
              <Button
                variant="default"
                disabled={text.trim() === ''}
                loading={dryRun.isPending}
                onClick={() => dryRun.mutate()}
              >
                {t('import.check')}
              </Button>
              <Button
                disabled={goodOf(dryRun.data).length === 0}
                loading={made.isPending}
                onClick={() => made.mutate(undefined)}
              >
                {t('import.submit')}
              </Button>
            </>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}

function Outcome({ result }: { result: Result }) {
  const { t } = useTexts();
  const failed = failedOf(result);
  const good = goodOf(result);
  const warnings = result.WarningMessages?.WarningMessage ?? [];
  return (
    <Stack gap="xs">
      {warnings.map((warning) => (
        <Alert key={warning} color="yellow">
          {warning}
        </Alert>
      ))}
      <Table.ScrollContainer minWidth={480} maxHeight={320} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t('api.path')}</Table.Th>
              <Table.Th scope="col">{t('import.outcome')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {failed.map((one) => (
              <Table.Tr key={`${one.HttpMethod} ${one.Path}`}>
                <Table.Td>{`${one.HttpMethod} ${one.Path}`}</Table.Td>
                <Table.Td>
                  <Badge color="red.9" tt="none" mr="xs">
                    {t('import.failed')}
                  </Badge>
                  {one.ErrorMsg}
                </Table.Td>
              </Table.Tr>
            ))}
            {good.map((one) => (
              <Table.Tr key={`${one.HttpMethod} ${one.Path}`}>
                <Table.Td>{`${one.HttpMethod} ${one.Path}`}</Table.Td>
                <Table.Td>{one.ApiOperation}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}
