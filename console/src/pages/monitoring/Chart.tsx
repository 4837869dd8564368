// Lines over time on a canvas, in the page's colours, with the same numbers as a table for those who do not see it.
import { Box, Button, Group, Paper, ScrollArea, Table, Text, Title, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useId, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useTexts } from '../../i18n';
import { shortNumber } from './series';

export interface Line {
  name: string;
  /** One value for each time; null where there is none. */
  values: Array<number | null>;
  /** For light and dark ground. */
  colors: [string, string];
  /** Fills what is below it. */
  area?: boolean;
}

interface Props {
  title: string;
  unit: string;
  /** Unix seconds, oldest first. */
  times: number[];
  lines: Line[];
  /** What is there to do at a time: opens the requests of that moment. */
  pick?: (time: number) => void;
}

const HEIGHT = 190;
// Its line below the picture, which comes with it.
const LEGEND = 44;

export function Chart({ title, unit, times, lines, pick }: Props) {
  const { t } = useTexts();
  const [tabular, setTabular] = useState(false);
  const id = useId();
  const total = lines.some((line) => line.values.some((value) => value));
  return (
    <Paper withBorder p="md" component="section" aria-labelledby={id}>
      <Group justify="space-between" mb={4} wrap="nowrap">
        <Title order={2} size="h6" id={id}>
          {title}{' '}
          <Text span size="xs" c="dimmed" fw={400}>
            {unit}
          </Text>
        </Title>
        <Button size="compact-xs" variant="default" aria-pressed={tabular} onClick={() => setTabular(!tabular)}>
          {t(tabular ? 'metrics.chart' : 'metrics.table')}
        </Button>
      </Group>
      {tabular ? (
        <Numbers title={title} times={times} lines={lines} />
      ) : (
        <>
          <Canvas unit={unit} times={times} lines={lines} pick={pick} label={title} />
          {!total && (
            <Text size="sm" c="dimmed">
              {t('metrics.nothing')}
            </Text>
          )}
        </>
      )}
    </Paper>
  );
}

function Canvas({ unit, times, lines, pick, label }: Omit<Props, 'title'> & { label: string }) {
  const { ref, width } = useElementSize();
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(null);
  const dark = useComputedColorScheme('light') === 'dark';
  const { t, language } = useTexts();
  const time = t('requests.column.time');
  const names = lines.map((line) => line.name).join();
  const data: uPlot.AlignedData = [times, ...lines.map((line) => line.values)];
  const newest = useRef({ data, pick });
  newest.current = { data, pick };
  // biome-ignore lint/correctness/useExhaustiveDependencies: new numbers alone do not need a new chart
  useEffect(() => {
    if (!place.current || width === 0) return;
    const made = new uPlot(
      options({ width, unit, lines, dark, language, time, pick: (at) => newest.current.pick?.(at) }),
      newest.current.data,
      place.current,
    );
    chart.current = made;
    return () => made.destroy();
  }, [width > 0, names, dark, language, unit]);
  // A new width keeps the picture: one that is made anew is blank for a moment.
  useEffect(() => {
    if (width > 0) chart.current?.setSize({ width, height: HEIGHT });
  }, [width]);
  useEffect(() => {
    chart.current?.setData(data);
  });
  return (
    <div ref={ref}>
      <Box ref={place} role="img" aria-label={label} style={{ minHeight: HEIGHT + LEGEND }} className="chart" />
    </div>
  );
}

interface Look {
  width: number;
  unit: string;
  lines: Line[];
  dark: boolean;
  language: string;
  /** What the legend calls the time. */
  time: string;
  pick: (time: number) => void;
}

function options({ width, lines, dark, language, time, pick }: Look): uPlot.Options {
  const text = dark ? '#c3c9d0' : '#495057';
  const grid = { stroke: dark ? '#3a3f44' : '#e9ecef', width: 1 };
  const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hour12: false });
  const day = new Intl.DateTimeFormat(language, { month: 'numeric', day: 'numeric' });
  const full = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', hour12: false });
  const axis = { stroke: text, grid, ticks: grid, font: '11px system-ui, sans-serif' };
  const long = (at: number[]) => (at.at(-1) ?? 0) - (at[0] ?? 0) > 36 * 3600;
  return {
    width,
    height: HEIGHT,
    // The legend is part of the picture: its text tells lines apart without their colours.
    legend: { live: true },
    cursor: { drag: { x: false, y: false }, points: { size: 7 } },
    scales: { y: { range: (_chart, _least, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      { ...axis, values: (_chart, at) => at.map((one) => (long(at) ? day : clock).format(one * 1000)) },
      { ...axis, size: 52, values: (_chart, at) => at.map((one) => shortNumber(one)) },
    ],
    series: [
      { value: (_chart, at) => (at === null ? '–' : full.format(at * 1000)), label: time },
      ...lines.map((line) => {
        const color = line.colors[dark ? 1 : 0];
        return {
          label: line.name,
          stroke: color,
          width: 2,
          fill: line.area ? `${color}22` : undefined,
          points: { show: true, size: 6, filter: alone },
          value: (_chart: uPlot, value: number | null) => (value === null ? '–' : shortNumber(value)),
        };
      }),
    ],
    hooks: {
      ready: [
        (chart) =>
          chart.over.addEventListener('click', () => {
            const at = chart.cursor.idx;
            const picked = typeof at === 'number' ? chart.data[0][at] : undefined;
            if (picked !== undefined) pick(picked);
          }),
      ],
    },
  };
}

/** Values between two gaps, which no line goes through. */
function alone(chart: uPlot, index: number): number[] {
  const values = chart.data[index] ?? [];
  const has = (at: number) => values[at] !== null && values[at] !== undefined;
  return [...values.keys()].filter((at) => has(at) && !has(at - 1) && !has(at + 1));
}

/** The same numbers for a reader of tables: the newest first, times without anything left out. */
function Numbers({ title, times, lines }: Pick<Props, 'title' | 'times' | 'lines'>) {
  const { t, language } = useTexts();
  const full = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', hour12: false });
  const rows = times
    .map((at, index) => ({ at, values: lines.map((line) => line.values[index] ?? null) }))
    .filter((row) => row.values.some((value) => value))
    .reverse();
  if (rows.length === 0) return <Text c="dimmed">{t('metrics.nothing')}</Text>;
  return (
    <ScrollArea.Autosize mah={HEIGHT + 40} viewportProps={{ tabIndex: 0 }}>
      <Table stickyHeader verticalSpacing={2} fz="xs" aria-label={title}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('requests.column.time')}</Table.Th>
            {lines.map((line) => (
              <Table.Th key={line.name} scope="col" ta="right">
                {line.name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.at}>
              <Table.Td>{full.format(row.at * 1000)}</Table.Td>
              {row.values.map((value, index) => (
                <Table.Td key={lines[index]?.name} ta="right">
                  {value === null ? '–' : shortNumber(value)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea.Autosize>
  );
}
