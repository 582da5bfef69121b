package benchmarks

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	gb "github.com/growthbook/growthbook-golang"

	"github.com/goldrec/gold/experiment"
	"github.com/goldrec/gold/experiment/growthbook"
)

// The same two experiments for all: four even arms for everybody, and four even arms behind three clauses and a layer
// (a namespace, there) that lets 60 % in. Users are new on each call, out of 65,536 whose ids and attributes are made
// before.
const (
	assignUsers = 1 << 16

	payload = `{"features": {
	  "plain": {"defaultValue": "none", "rules": [{"key": "plain", "hashVersion": 2, "hashAttribute": "id",
	    "variations": ["a", "b", "c", "d"], "weights": [0.25, 0.25, 0.25, 0.25]}]},
	  "targeted": {"defaultValue": "none", "rules": [{"key": "targeted", "hashVersion": 2, "hashAttribute": "id",
	    "condition": {"country": {"$in": ["FR", "DE", "IT"]}, "age": {"$gte": 18}, "plan": "pro"},
	    "namespace": ["page", 0, 0.6],
	    "variations": ["a", "b", "c", "d"], "weights": [0.25, 0.25, 0.25, 0.25]}]}}}`
)

type assignBench struct {
	ids        [assignUsers]string
	attributes [assignUsers]map[string]any // for targeting, with the id
	live       *experiment.Live
	payload    *growthbook.Payload
	client     *gb.Client
}

var assigning = sync.OnceValues(func() (*assignBench, error) {
	a := new(assignBench)
	for i := range a.ids {
		a.ids[i] = "user-" + strconv.Itoa(i*7919)
		a.attributes[i] = map[string]any{"id": a.ids[i], "country": "DE", "age": 30.0, "plan": "pro"}
	}
	arms := []experiment.Variant{{Key: "a"}, {Key: "b"}, {Key: "c"}, {Key: "d"}}
	set, err := experiment.Compile(experiment.Definition{
		Layers: []experiment.Layer{{Key: "page"}},
		Experiments: []experiment.Experiment{
			{Key: "plain", Variants: arms},
			{Key: "targeted", Variants: arms, Layer: "page", Slots: experiment.Slots{To: 600},
				Condition: &experiment.Condition{All: []experiment.Condition{
					{Attribute: "country", Op: experiment.In, Value: []string{"FR", "DE", "IT"}},
					{Attribute: "age", Op: experiment.GreaterOrEqual, Value: 18},
					{Attribute: "plan", Op: experiment.Equal, Value: "pro"},
				}}},
		},
	}, experiment.Options{})
	if err != nil {
		return nil, err
	}
	a.live = experiment.NewLive(set)
	if a.payload, err = growthbook.Parse([]byte(payload), growthbook.Options{}); err != nil {
		return nil, err
	}
	if a.client, err = gb.NewClient(context.Background()); err != nil {
		return nil, err
	}
	return a, a.client.UpdateFromApiResponseJSON(payload)
})

// gold assigns user i natively; in counts who takes part, so that nothing is optimised away.
func (a *assignBench) gold(key string, i int) (in int) {
	s := experiment.Subject{Unit: a.ids[i%assignUsers], Attributes: a.attributes[i%assignUsers]}
	if a.live.Assign(key, s).Variant != nil {
		in = 1
	}
	return in
}

// compatible evaluates the GrowthBook payload with gold.
func (a *assignBench) compatible(key string, i int) (in int) {
	user := growthbook.User{Attributes: a.attributes[i%assignUsers]}
	if a.payload.Feature(key, &user).Source == growthbook.FromExperiment {
		in = 1
	}
	return in
}

// rival evaluates it with growthbook-golang, as its README does for a new user: a child client with the attributes.
func (a *assignBench) rival(key string, i int) (in int) {
	child, err := a.client.WithAttributes(gb.Attributes(a.attributes[i%assignUsers]))
	if err != nil {
		panic(err)
	}
	if r := child.EvalFeature(context.Background(), key); r.Source == gb.ExperimentResultSource {
		in = 1
	}
	return in
}

// BenchmarkAssign runs each on its own, then gold and growthbook-golang turn by turn, a hundred calls each, and reports
// how many times longer the rival takes.
func BenchmarkAssign(b *testing.B) {
	a, err := assigning()
	if err != nil {
		b.Fatal(err)
	}
	for _, key := range []string{"plain", "targeted"} {
		for _, contender := range []struct {
			name string
			f    func(string, int) int
		}{{"gold", a.gold}, {"gold-growthbook", a.compatible}, {"growthbook-golang", a.rival}} {
			b.Run(key+"/"+contender.name, func(b *testing.B) {
				b.ReportAllocs()
				i, in := 0, 0
				for b.Loop() {
					in += contender.f(key, i)
					i++
				}
				b.ReportMetric(float64(in)/float64(i), "in")
			})
		}
		b.Run(key+"/ratio", func(b *testing.B) { a.ratio(b, key) })
	}
}

// ratio reports the nanoseconds a call of both and their ratio, as lower quartiles over short batches: a busy machine
// interrupts many batches, and the longer ones of the rival more often.
func (a *assignBench) ratio(b *testing.B, key string) {
	const batch = 100
	var gold, rival []time.Duration
	for b.Loop() {
		at := len(gold) * batch
		start := time.Now()
		for i := range batch {
			a.gold(key, at+i)
		}
		middle := time.Now()
		for i := range batch {
			a.rival(key, at+i)
		}
		gold, rival = append(gold, middle.Sub(start)), append(rival, time.Since(middle))
	}
	slices.Sort(gold)
	slices.Sort(rival)
	g, r := float64(gold[len(gold)/4])/batch, float64(rival[len(rival)/4])/batch
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(g, "gold-ns")
	b.ReportMetric(r, "growthbook-ns")
	b.ReportMetric(r/g, "times-faster")
}

// BenchmarkAssignParallel assigns from one goroutine and then from two, and reports how many times more calls two make in
// the same time, by medians: 2 when nothing is shared and two cores are free. Each makes three equal batches and times
// the second: the first brings its users into its core's cache, which a goroutine that has moved finds cold, and the
// third keeps the core busy while the other one is still timing.
func BenchmarkAssignParallel(b *testing.B) {
	a, err := assigning()
	if err != nil {
		b.Fatal(err)
	}
	const batch = 10_000
	run := func(from int) time.Duration {
		var took [3]time.Duration
		for k := range took {
			start := time.Now()
			for i := range batch {
				a.gold("plain", from+i)
			}
			took[k] = time.Since(start)
		}
		return took[1]
	}
	var one, two []time.Duration
	for b.Loop() {
		one = append(one, run(0))
		var wg sync.WaitGroup
		var other time.Duration
		wg.Go(func() { other = run(assignUsers / 2) })
		own := run(0)
		wg.Wait()
		two = append(two, own, other)
	}
	slices.Sort(one)
	slices.Sort(two)
	b.ReportMetric(2*float64(one[len(one)/2])/float64(two[len(two)/2]), "two-over-one")
}
