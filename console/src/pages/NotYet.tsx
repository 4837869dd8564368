// Places of the navigation that this version has nothing for yet: what is missing, and what helps meanwhile.
import { Anchor, Card, Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type Key, useTexts } from '../i18n';
import { Page } from '../parts/Page';

export const Metrics = () => (
  <NotYet
    title="nav.metrics"
    text="notYet.metrics"
    links={[
      { to: '/', text: 'nav.overview' },
      { to: '/audit', text: 'nav.audit' },
    ]}
  />
);

function NotYet({ title, text, links }: { title: Key; text: Key; links: Array<{ to: string; text: Key }> }) {
  const { t } = useTexts();
  return (
    <Page title={t(title)}>
      <Card withBorder p="xl">
        <Stack>
          <Text>{t(text)}</Text>
          <Group>
            {links.map((link) => (
              <Anchor key={link.to} renderRoot={(props) => <Link {...props} to={link.to} />}>
                {t(link.text)} →
              </Anchor>
            ))}
          </Group>
        </Stack>
      </Card>
    </Page>
  );
}
