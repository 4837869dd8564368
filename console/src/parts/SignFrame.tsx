// The frame of the two pages before the sign-in.
import { Center, Group, Paper, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { LanguageMenu, ThemeMenu } from '../Shell';

export function SignFrame({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  return (
    <Center component="main" mih="100vh" p="md">
      <Stack w="100%" maw={420}>
        <Group justify="space-between">
          <Group gap="xs">
            <img src="/console/icon.svg" alt="" width={30} height={30} />
            <Text fw={700} size="xl">
              Isthmus
            </Text>
          </Group>
          <Group gap={4}>
            <LanguageMenu />
            <ThemeMenu />
          </Group>
        </Group>
        <Paper withBorder p="xl" radius="lg">
          <Title order={1} size="h3">
            {title}
          </Title>
          <Text c="dimmed" size="sm" mb="md">
            {lead}
          </Text>
          {children}
        </Paper>
      </Stack>
    </Center>
  );
}
