// What surrounds every page: top bar with region, language, theme and account; navigation in the walk-through's words.
import {
  ActionIcon,
  AppShell,
  Badge,
  Burger,
  Button,
  Group,
  Kbd,
  Menu,
  NavLink,
  ScrollArea,
  Text,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { IconLanguage, IconMoon, IconSearch, IconUser } from '@tabler/icons-react';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect } from 'react';
import { currentSession, onExpired, signOut } from './api/client';
import { chooseLanguage, LANGUAGES, type Language, useTexts } from './i18n';
import { NAVIGATION } from './navigation';
import { useShortcuts } from './parts/useShortcuts';

const Palette = lazy(() => import('./parts/Palette'));
const ShortcutList = lazy(() => import('./parts/ShortcutList'));
const SignInAgain = lazy(() => import('./parts/SignInAgain'));
const ChangePassword = lazy(() => import('./parts/ChangePassword'));

export function Shell() {
  const { t } = useTexts();
  const [opened, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [searching, search] = useDisclosure();
  const [expired, expiry] = useDisclosure();
  const [listing, list] = useDisclosure();
  useShortcuts(list.open);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same functions each time
  useEffect(() => onExpired(expiry.open), []);
  // Also from inside an input.
  useHotkeys([['mod+K', search.open]], []);
  const isActive = (to: string) => (to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`));
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 236, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding={{ base: 'md', md: 'xl' }}
    >
      <a className="skip" href="#content">
        {t('nav.skip')}
      </a>
      <AppShell.Header>
        <TopBar opened={opened} toggle={toggle} search={search.open} list={list.open} />
      </AppShell.Header>
      <AppShell.Navbar aria-label={t('nav.menu')}>
        <ScrollArea type="auto" p="xs" scrollbarSize={6}>
          {NAVIGATION.map((block) => (
            <div key={block.block ?? 'top'}>
              {block.block && <div className="nav-block">{t(block.block)}</div>}
              {block.links.map((link) => (
                <NavLink
                  key={link.to}
                  renderRoot={(props) => <Link {...props} to={link.to} onClick={close} />}
                  label={t(link.text)}
                  leftSection={<link.icon size={18} stroke={1.6} aria-hidden />}
                  active={isActive(link.to)}
                  aria-current={isActive(link.to) ? 'page' : undefined}
                />
              ))}
            </div>
          ))}
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <Outlet />
      </AppShell.Main>
      {searching && (
        <Suspense>
          <Palette close={search.close} />
        </Suspense>
      )}
      {listing && (
        <Suspense>
          <ShortcutList close={list.close} />
        </Suspense>
      )}
      {expired && (
        <Suspense>
          <SignInAgain close={expiry.close} />
        </Suspense>
      )}
    </AppShell>
  );
}

interface TopBarProps {
  opened: boolean;
  toggle: () => void;
  search: () => void;
  list: () => void;
}

function TopBar({ opened, toggle, search, list }: TopBarProps) {
  const { t } = useTexts();
  const session = currentSession();
  const [changing, password] = useDisclosure();
  return (
    <Group h="100%" px="md" justify="space-between" wrap="nowrap">
      <Group gap="sm" wrap="nowrap">
        <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t('nav.menu')} />
        <img src="/console/icon.svg" alt="" width={26} height={26} />
        <Text fw={700} size="lg" visibleFrom="xs">
          {t('app.title')}
        </Text>
        <Badge variant="default" tt="none" title={t('top.region')} miw="fit-content" visibleFrom="xs">
          {session?.region}
        </Badge>
      </Group>
      <Group gap="xs" wrap="nowrap">
        <Button
          variant="default"
          size="xs"
          visibleFrom="sm"
          leftSection={<IconSearch size={14} />}
          rightSection={<Kbd size="xs">Ctrl K</Kbd>}
          onClick={search}
        >
          {t('action.search')}
        </Button>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          hiddenFrom="sm"
          onClick={search}
          aria-label={t('palette.title')}
        >
          <IconSearch size={20} />
        </ActionIcon>
        <LanguageMenu />
        <ThemeMenu />
        <Menu>
          <Menu.Target>
            <Button variant="subtle" color="gray" px="xs" aria-label={t('top.account')}>
              <IconUser size={18} />
              <Text span ml={6} fw={600} size="sm" visibleFrom="sm">
                {session?.user}
              </Text>
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>
              {session?.user} · {session?.role}
            </Menu.Label>
            <Menu.Item onClick={list}>{t('keys.title')}</Menu.Item>
            <Menu.Item onClick={password.open}>{t('password.title')}</Menu.Item>
            <Menu.Item onClick={() => void signOut()}>{t('top.signOut')}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
      {changing && (
        <Suspense>
          <ChangePassword close={password.close} />
        </Suspense>
      )}
    </Group>
  );
}

export function LanguageMenu() {
  const { t, language } = useTexts();
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('top.language')}>
          <IconLanguage size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(Object.entries(LANGUAGES) as Array<[Language, string]>).map(([code, name]) => (
          <Menu.Item
            key={code}
            fw={code === language ? 700 : 400}
            onClick={() => void chooseLanguage(code)}
            lang={code}
          >
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function ThemeMenu() {
  const { t } = useTexts();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('top.theme')}>
          <IconMoon size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(['light', 'dark', 'auto'] as const).map((scheme) => (
          <Menu.Item key={scheme} fw={scheme === colorScheme ? 700 : 400} onClick={() => setColorScheme(scheme)}>
            {t(`top.${scheme}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
