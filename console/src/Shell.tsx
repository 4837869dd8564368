// What surrounds every page: top bar with region, language, theme and account; navigation in the walk-through's words.
import {
  ActionIcon,
  AppShell,
  Badge,
  Burger,
  Button,
  Group,
  Menu,
  NavLink,
  ScrollArea,
  Text,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  IconAdjustments,
  IconApi,
  IconBug,
  IconChartLine,
  IconFolders,
  IconHistory,
  IconInfoCircle,
  IconKey,
  IconLanguage,
  IconLayoutDashboard,
  IconList,
  IconListSearch,
  IconMoon,
  IconNetwork,
  IconPuzzle,
  IconServer,
  IconServer2,
  IconShieldLock,
  IconUser,
  IconUsers,
  IconWorld,
} from '@tabler/icons-react';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { currentSession, signOut } from './api/client';
import { chooseLanguage, type Key, LANGUAGES, type Language, useTexts } from './i18n';

interface Entry {
  to: string;
  text: Key;
  icon: typeof IconApi;
}

const NAVIGATION: Array<{ block?: Key; links: Entry[] }> = [
  { links: [{ to: '/', text: 'nav.overview', icon: IconLayoutDashboard }] },
  {
    block: 'nav.manage',
    links: [
      { to: '/groups', text: 'nav.groups', icon: IconFolders },
      { to: '/apis', text: 'nav.apis', icon: IconApi },
      { to: '/plugins', text: 'nav.plugins', icon: IconPuzzle },
      { to: '/vpcs', text: 'nav.vpcs', icon: IconNetwork },
      { to: '/domains', text: 'nav.domains', icon: IconWorld },
      { to: '/backends', text: 'nav.backends', icon: IconServer2 },
      { to: '/datasets', text: 'nav.datasets', icon: IconList },
    ],
  },
  {
    block: 'nav.call',
    links: [
      { to: '/apps', text: 'nav.apps', icon: IconKey },
      { to: '/debug', text: 'nav.debug', icon: IconBug },
    ],
  },
  {
    block: 'nav.instances',
    links: [
      { to: '/instances', text: 'nav.shared', icon: IconServer },
      { to: '/dedicated', text: 'nav.dedicated', icon: IconAdjustments },
      { to: '/access-lists', text: 'nav.accessLists', icon: IconShieldLock },
    ],
  },
  {
    block: 'nav.monitoring',
    links: [{ to: '/metrics', text: 'nav.metrics', icon: IconChartLine }],
  },
  {
    block: 'nav.logs',
    links: [
      { to: '/requests', text: 'nav.requests', icon: IconListSearch },
      { to: '/audit', text: 'nav.audit', icon: IconHistory },
    ],
  },
  {
    block: 'nav.settings',
    links: [
      { to: '/users', text: 'nav.users', icon: IconUsers },
      { to: '/about', text: 'nav.about', icon: IconInfoCircle },
    ],
  },
];

export function Shell() {
  const { t } = useTexts();
  const [opened, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: (state) => state.location.pathname });
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
        <TopBar opened={opened} toggle={toggle} />
      </AppShell.Header>
      <AppShell.Navbar aria-label={t('nav.menu')}>
        <ScrollArea type="auto" p="xs">
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
    </AppShell>
  );
}

function TopBar({ opened, toggle }: { opened: boolean; toggle: () => void }) {
  const { t } = useTexts();
  const session = currentSession();
  return (
    <Group h="100%" px="md" justify="space-between" wrap="nowrap">
      <Group gap="sm" wrap="nowrap">
        <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t('nav.menu')} />
        <img src="/console/icon.svg" alt="" width={26} height={26} />
        <Text fw={700} size="lg" visibleFrom="xs">
          {t('app.title')}
        </Text>
        <Badge variant="default" tt="none" title={t('top.region')} miw="fit-content">
          {session?.region}
        </Badge>
      </Group>
      <Group gap="xs" wrap="nowrap">
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
            <Menu.Item onClick={() => void signOut()}>{t('top.signOut')}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
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
