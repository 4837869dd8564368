// The status of an answer, coloured by its class; the number says it all without the colour. White on Mantine's own orange
// falls short of the contrast that text needs.
import { Badge } from '@mantine/core';

export function StatusBadge({ status }: { status: number }) {
  const color = status >= 500 ? 'red.9' : status >= 400 ? '#a84a0a' : status >= 300 ? 'gray.7' : 'teal.9';
  return (
    <Badge color={color} variant="filled" miw="fit-content">
      {status}
    </Badge>
  );
}
