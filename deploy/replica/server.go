package main

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pgstore"
)

const (
	bodyMax  = 1 << 20 // bytes of a request
	batchMax = 1000    // interactions of one
)

// replica is what the handlers share.
type replica struct {
	log     *slog.Logger
	ready   atomic.Bool
	metrics *prometheus.Registry
	seconds *prometheus.HistogramVec
	engine  *recommend.Engine // set before anything is served
}

func newReplica(log *slog.Logger) *replica {
	r := &replica{log: log, metrics: prometheus.NewRegistry(), seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "gold_request_seconds", Help: "How long requests took.",
		Buckets: []float64{1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, .05, .1, .25, .5, 1, 2.5, 10},
	}, []string{"route", "code"})}
	r.metrics.MustRegister(r.seconds, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// private is what only the platform may ask: whether the process lives, whether it wants requests, and what it counts.
func (r *replica) private() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /live", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) {
		if !r.ready.Load() {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
		}
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(r.metrics, promhttp.HandlerOpts{}))
	return mux
}

// open makes the service of an engine, and says that it is ready.
func (r *replica) open(engine *recommend.Engine) http.Handler {
	r.engine = engine
	r.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "gold_model_version", Help: "Version of the models in service; 0 before the first training.",
	}, func() float64 { return float64(engine.Status().Version) }), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "gold_users", Help: "Users whose state is in memory.",
	}, func() float64 { return float64(engine.Status().Users) }))
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/interactions", r.measured("interactions", r.record))
	mux.HandleFunc("GET /v1/recommendations", r.measured("recommendations", r.recommend))
	mux.HandleFunc("DELETE /v1/users/{user}", r.measured("users", r.forget))
	r.ready.Store(true)
	return mux
}

// measured answers with what a handler returns, and counts it.
func (r *replica) measured(route string, handle func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		began := time.Now()
		req.Body = http.MaxBytesReader(w, req.Body, bodyMax)
		answer, err := handle(req)
		code := statusOf(err)
		if err == nil && answer == nil {
			code = http.StatusNoContent
		}
		if code == http.StatusServiceUnavailable || code == http.StatusInternalServerError {
			r.log.WarnContext(req.Context(), "request failed", "route", route, "error", err)
			w.Header().Set("Retry-After", "1")
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		switch {
		case err != nil:
			_ = json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
		case answer != nil:
			_ = json.NewEncoder(w).Encode(answer)
		}
		r.seconds.WithLabelValues(route, strconv.Itoa(code)).Observe(time.Since(began).Seconds())
	}
}

// statusOf tells errors of the caller, who need not try again, from those of the store, which may be over soon.
func statusOf(err error) int {
	tooLong := (*http.MaxBytesError)(nil)
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &tooLong):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, errBody), errors.Is(err, store.ErrInvalid), errors.Is(err, recommend.ErrInvalid):
		return http.StatusBadRequest
	case errors.Is(err, pgstore.ErrUnavailable), errors.Is(err, pgstore.ErrUnknown), errors.Is(err, recommend.ErrClosed):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

var errBody = errors.New("not a request")

// record stores interactions. Those with an ID that the user has used already count as stored: a client that has heard no
// answer sends them again.
func (r *replica) record(req *http.Request) (any, error) {
	var batch []store.Interaction
	in := json.NewDecoder(req.Body)
	in.DisallowUnknownFields()
	if err := in.Decode(&batch); err != nil {
		return nil, errors.Join(errBody, err)
	}
	if in.More() || len(batch) > batchMax {
		return nil, errors.Join(errBody, errors.New("one array of at most 1000 interactions"))
	}
	return nil, r.engine.Record(req.Context(), batch...)
}

// page is what a client is told of a recommend.Page.
type page struct {
	Page    string                     `json:"page"`
	Version uint64                     `json:"version"`
	Items   []recommend.Recommendation `json:"items"`
}

func (r *replica) recommend(req *http.Request) (any, error) {
	values := req.URL.Query()
	n := 0
	if text := values.Get("n"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			return nil, errors.Join(errBody, err)
		}
	}
	made, err := r.engine.Recommend(req.Context(), recommend.Request{
		User: values.Get("user"), Session: values.Get("session"), Placement: values.Get("placement"), N: n,
	})
	if err != nil {
		return nil, err
	}
	return page{Page: made.ID, Version: made.ModelVersion, Items: made.Items}, nil
}

func (r *replica) forget(req *http.Request) (any, error) {
	return nil, r.engine.Forget(req.Context(), req.PathValue("user"))
}
