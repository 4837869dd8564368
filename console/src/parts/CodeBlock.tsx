// Text as a machine reads it, with a button that copies it.
import { Box, Text } from '@mantine/core';
import { Copy } from './CopyText';

export function CodeBlock({ title, text }: { title?: string; text: string }) {
  return (
    <Box>
      {title && (
        <Text size="sm" fw={600} mb={4}>
          {title}
        </Text>
      )}
      <Box pos="relative" className="code-block">
        <Box pos="absolute" top={4} right={4}>
          <Copy value={text} />
        </Box>
        {/* A region that scrolls must be reachable by keyboard. */}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
        <pre tabIndex={0}>{text}</pre>
      </Box>
    </Box>
  );
}
