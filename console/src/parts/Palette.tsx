// Ctrl-K: every page, every object and what can be made, found by a few letters and opened with Enter.
import { Group, Modal, ScrollArea, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useRouter } from '@tanstack/react-router';
import { type KeyboardEvent, useEffect, useId, useState } from 'react';
import { useAccesses, useApis, useApps, useGroups, usePlugins } from '../api/queries';
import { useTexts } from '../i18n';
import { NAVIGATION } from '../navigation';
import { type Findable, find } from './find';

const MOST = 40;

export default function Palette({ close }: { close: () => void }) {
  const { t } = useTexts();
  const router = useRouter();
  const [wanted, setWanted] = useState('');
  const [at, setAt] = useState(0);
  const id = useId();
  const found = find(useFindable(), wanted).slice(0, MOST);
  const chosen = Math.min(at, found.length - 1);
  const open = (item: Findable | undefined) => {
    if (!item) return;
    close();
    void router.navigate({ to: item.to });
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((chosen + step + found.length) % Math.max(1, found.length));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      open(found[chosen]);
    }
  };
  useEffect(() => {
    document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: 'nearest' });
  }, [id, chosen]);
  return (
    <Modal
      opened
      onClose={close}
      title={t('palette.title')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack gap="xs">
        <TextInput
          data-autofocus
          leftSection={<IconSearch size={16} />}
          placeholder={t('palette.hint')}
          aria-label={t('palette.title')}
          role="combobox"
          aria-expanded
          aria-controls={`${id}-list`}
          aria-activedescendant={found.length > 0 ? `${id}-${chosen}` : undefined}
          value={wanted}
          onKeyDown={press}
          onChange={(event) => {
            setWanted(event.currentTarget.value);
            setAt(0);
          }}
        />
        <ScrollArea.Autosize mah={380}>
          <div role="listbox" id={`${id}-list`} aria-label={t('palette.title')}>
            {found.map((item, index) => (
              <UnstyledButton
                key={`${item.to}${item.name}`}
                id={`${id}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === chosen}
                className="palette-item"
                onClick={() => open(item)}
                onMouseMove={() => setAt(index)}
              >
                <Group justify="space-between" wrap="nowrap">
                  <Text fw={500} truncate>
                    {item.name}
                  </Text>
                  <Text size="xs" className="palette-kind">
                    {item.kind}
                  </Text>
                </Group>
              </UnstyledButton>
            ))}
          </div>
        </ScrollArea.Autosize>
        {found.length === 0 && <Text c="dimmed">{t('palette.nothing')}</Text>}
      </Stack>
    </Modal>
  );
}

/** What was read for other pages is there at once; the rest comes while one types. */
function useFindable(): Findable[] {
  const { t } = useTexts();
  const pages = NAVIGATION.flatMap((block) =>
    block.links.map((link) => ({ name: t(link.text), kind: block.block ? t(block.block) : '', to: link.to, more: '' })),
  );
  const made = [
    { name: t('api.create'), kind: t('palette.action'), to: '/apis/new', more: '' },
    { name: t('plugin.create'), kind: t('palette.action'), to: '/plugins/new', more: '' },
  ];
  const apis = (useApis().data ?? []).map((api) => ({
    name: api.ApiName ?? '',
    kind: `${t('debug.api')} · ${api.GroupName}`,
    to: `/apis/${api.GroupId}/${api.ApiId}`,
    more: `${api.ApiPath} ${api.ApiId}`,
  }));
  const groups = (useGroups().data ?? []).map((group) => ({
    name: group.GroupName ?? '',
    kind: t('api.group'),
    to: `/groups/${group.GroupId}`,
    more: `${group.GroupId} ${group.SubDomain}`,
  }));
  const apps = (useApps().data ?? []).map((app) => ({
    name: app.AppName ?? '',
    kind: t('debug.app'),
    to: `/apps/${app.AppId}`,
    more: `${app.AppId}`,
  }));
  const plugins = (usePlugins().data ?? []).map((plugin) => ({
    name: plugin.PluginName ?? '',
    kind: `${t('nav.plugins')} · ${plugin.PluginType}`,
    to: `/plugins/${plugin.PluginId}`,
    more: plugin.PluginId ?? '',
  }));
  const accesses = (useAccesses().data ?? []).map((access) => ({
    name: access.Name ?? '',
    kind: t('nav.vpcs'),
    to: '/vpcs',
    more: `${access.VpcId} ${access.InstanceId}`,
  }));
  return [...pages, ...made, ...apis, ...groups, ...apps, ...plugins, ...accesses];
}
