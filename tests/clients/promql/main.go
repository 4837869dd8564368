// Asks Prometheus's own engine what expressions give on texts that were scraped, without a server: each file of the
// arguments is one scrape, named by its time (Unix milliseconds) and job as `<time>-<job>`. Standard input has one
// expression a line; the answers are JSON, one line each, for the time of the last scrape.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

type answer struct {
	Expression string   `json:"expression"`
	Error      string   `json:"error,omitempty"`
	Series     []series `json:"series"`
}

type series struct {
	Labels map[string]string `json:"labels"`
	Value  string            `json:"value"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(files []string) error {
	kept := memory{}
	var last int64
	for _, file := range files {
		at, err := kept.scrape(file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		last = max(last, at)
	}
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 1_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute,
	})
	out := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if err := out.Encode(ask(engine, kept, lines.Text(), last)); err != nil {
			return err
		}
	}
	return lines.Err()
}

// What was scraped, by the text of the labels.
type memory map[string]*scraped

type scraped struct {
	labels  labels.Labels
	samples []chunks.Sample
}

func (kept memory) scrape(file string) (int64, error) {
	name, job, _ := strings.Cut(filepath.Base(file), "-")
	at, err := strconv.ParseInt(name, 10, 64)
	if err != nil {
		return 0, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	parser, err := textparse.New(text, "application/openmetrics-text", labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		return 0, err
	}
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return at, nil
		}
		if err != nil {
			return 0, err
		}
		if entry != textparse.EntrySeries {
			continue
		}
		var found labels.Labels
		_, _, value := parser.Series()
		parser.Labels(&found)
		all := labels.NewBuilder(found).Set("job", job).Set("instance", job).Labels()
		known := kept[all.String()]
		if known == nil {
			known = &scraped{labels: all}
			kept[all.String()] = known
		}
		known.samples = append(known.samples, sample{at, value})
	}
}

func (kept memory) Querier(_, _ int64) (storage.Querier, error) { return kept, nil }

func (kept memory) Close() error { return nil }

func (kept memory) LabelValues(
	context.Context, string, *storage.LabelHints, ...*labels.Matcher,
) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (kept memory) LabelNames(
	context.Context, *storage.LabelHints, ...*labels.Matcher,
) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (kept memory) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	found := &selected{}
	for _, one := range kept {
		fits := true
		for _, matcher := range matchers {
			fits = fits && matcher.Matches(one.labels.Get(matcher.Name))
		}
		if fits {
			found.series = append(found.series, storage.NewListSeries(one.labels, one.samples))
		}
	}
	sort.Slice(found.series, func(i, j int) bool {
		return labels.Compare(found.series[i].Labels(), found.series[j].Labels()) < 0
	})
	return found
}

type selected struct {
	series []storage.Series
	next   int
}

func (set *selected) Next() bool                        { set.next++; return set.next <= len(set.series) }
func (set *selected) At() storage.Series                { return set.series[set.next-1] }
func (set *selected) Err() error                        { return nil }
func (set *selected) Warnings() annotations.Annotations { return nil }

type sample struct {
	at    int64
	value float64
}

func (one sample) T() int64                      { return one.at }
func (one sample) ST() int64                     { return 0 }
func (one sample) F() float64                    { return one.value }
func (one sample) H() *histogram.Histogram       { return nil }
func (one sample) FH() *histogram.FloatHistogram { return nil }
func (one sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (one sample) Copy() chunks.Sample           { return one }

func ask(engine *promql.Engine, kept memory, expression string, at int64) answer {
	told := answer{Expression: expression, Series: []series{}}
	query, err := engine.NewInstantQuery(context.Background(), kept, nil, expression, model.Time(at).Time())
	if err != nil {
		told.Error = err.Error()
		return told
	}
	defer query.Close()
	result := query.Exec(context.Background())
	vector, err := result.Vector()
	if err != nil {
		told.Error = err.Error()
		return told
	}
	for _, sample := range vector {
		value := strconv.FormatFloat(sample.F, 'g', -1, 64)
		told.Series = append(told.Series, series{Labels: sample.Metric.Map(), Value: value})
	}
	return told
}
