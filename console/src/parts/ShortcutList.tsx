// Which keys do what, and the switch that turns the single ones off.
import { Kbd, Modal, Stack, Switch, Table } from '@mantine/core';
import { useState } from 'react';
import { type Key, useTexts } from '../i18n';
import { NAVIGATION } from '../navigation';
import { areOn, PAGES, turn } from './shortcuts';

const OTHERS: Array<[keys: string[], text: Key]> = [
  [['Ctrl', 'K'], 'palette.title'],
  [['Ctrl', 'Enter'], 'keys.submit'],
  [['Ctrl', 'S'], 'keys.save'],
  [['/'], 'keys.find'],
  [['c'], 'keys.create'],
  [['e'], 'keys.edit'],
  [['p'], 'keys.publish'],
  [['j'], 'keys.down'],
  [['k'], 'keys.up'],
  [['?'], 'keys.list'],
];

export default function ShortcutList({ close }: { close: () => void }) {
  const { t } = useTexts();
  const [on, setOn] = useState(areOn);
  const links = NAVIGATION.flatMap((block) => block.links);
  const pages = Object.entries(PAGES).map(([key, to]): [string[], Key] => [
    ['g', key],
    links.find((link) => link.to === to)?.text ?? 'nav.overview',
  ]);
  return (
    <Modal
      opened
      onClose={close}
      title={t('keys.title')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack>
        <Switch
          label={t('keys.on')}
          description={t('keys.onHint')}
          checked={on}
          onChange={(event) => {
            turn(event.currentTarget.checked);
            setOn(event.currentTarget.checked);
          }}
        />
        <Table>
          <Table.Tbody>
            {[...OTHERS, ...pages].map(([keys, text]) => (
              <Table.Tr key={keys.join(' ')}>
                <Table.Th scope="row" w={140}>
                  {keys.map((key) => (
                    <Kbd key={key} mr={4}>
                      {key}
                    </Kbd>
                  ))}
                </Table.Th>
                <Table.Td>{t(text)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Stack>
    </Modal>
  );
}
