package web

import (
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/goldrec/gold/experiment"
	"github.com/goldrec/gold/experiment/stats"
	"github.com/goldrec/gold/recommend"
)

// variant says which variant of an experiment a user would see. Only a page exposes anybody.
func (s *Server) variant(w http.ResponseWriter, r *http.Request) error {
	var req variantRequest
	if err := decode(w, r, &req); err != nil {
		return err
	}
	var bad fields
	requireID(&bad, "user", req.User)
	requireID(&bad, "experiment", req.Experiment)
	if err := bad.err(); err != nil {
		return err
	}
	if s.experiments.Set().Experiment(req.Experiment) == nil {
		return unknown("experiment", req.Experiment)
	}
	assignment := s.experiments.Assign(req.Experiment, experiment.Subject{Unit: req.User})
	return answer(w, variantResponse{
		User: req.User, Experiment: req.Experiment, Variant: assignment.VariantKey(), Reason: assignment.Reason.String(),
	})
}

type variantRequest struct {
	User       string `json:"user"`
	Experiment string `json:"experiment"`
}

type variantResponse struct {
	User       string `json:"user"`
	Experiment string `json:"experiment"`
	Variant    string `json:"variant"` // empty outside the experiment
	Reason     string `json:"reason"`
}

// compare asks the engine how the variants of an experiment are doing.
func (s *Server) compare(r *http.Request, key string) (*stats.Report, error) {
	e := s.experiments.Set().Experiment(key)
	if e == nil {
		return nil, unknown("experiment", key)
	}
	c, err := s.comparison(e)
	if err != nil {
		return nil, err
	}
	return c.Report(r.Context())
}

// comparison is the one that is kept of an experiment, so that each look reads only what is new. When another definition
// is put into service, all begin anew.
func (s *Server) comparison(e *experiment.Experiment) (*recommend.Comparison, error) {
	s.comparing.Lock()
	defer s.comparing.Unlock()
	if c := s.comparisons[e]; c != nil {
		return c, nil
	}
	trial := recommend.Trial{Plan: stats.Plan{Experiment: e.Key}, Period: recommend.Period{Since: e.Start, Until: e.End}}
	for _, v := range e.Variants {
		trial.Arms = append(trial.Arms, stats.Arm{Variant: v.Key, Weight: v.Weight})
	}
	c, err := s.engine.Compare(trial)
	if err != nil {
		return nil, err
	}
	for other := range s.comparisons {
		if s.experiments.Set().Experiment(other.Key) != other {
			delete(s.comparisons, other)
		}
	}
	s.comparisons[e] = c
	return c, nil
}

// report is the comparison for programs, and with format=text for terminals.
func (s *Server) report(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	format := query.Get("format")
	if format != "" && format != "json" && format != "text" {
		var bad fields
		bad.query("format", "must be json or text")
		return bad.err()
	}
	report, err := s.compare(r, query.Get("experiment"))
	if err != nil {
		return err
	}
	if format != "text" {
		return answer(w, report)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = report.WriteText(w) // a client that went away is nobody's error
	return nil
}

// experimentPage is the comparison for people.
func (s *Server) experimentPage(w http.ResponseWriter, r *http.Request) error {
	report, err := s.compare(r, r.PathValue("key"))
	if err != nil {
		return err
	}
	v := s.visitor(w, r)
	p := experimentView{layout: s.layout(&v, "Experiment: "+report.Experiment), Report: report, Waiting: report.Units < unitsEnough, Enough: unitsEnough}
	for i, name := range report.SampleRatio.Variants {
		p.Arms = append(p.Arms, armView{Name: name, Does: armWords(name), Units: report.SampleRatio.Units[i]})
	}
	for _, c := range report.Comparisons {
		known := c.Problem == "" && c.Verdict != stats.Unknown
		m := metricView{Name: metricWords(c.Metric), Variant: c.Variant, Control: c.Control, Known: known}
		m.Before, m.After = number3(c.ControlValue), number3(c.VariantValue)
		if known {
			m.Lift, m.Low, m.High = percent(c.Lift), percent(c.LiftInterval[0]), percent(c.LiftInterval[1])
			m.Verdict = string(c.Verdict)
		}
		p.Metrics = append(p.Metrics, m)
	}
	return s.render(w, http.StatusOK, "experiment", p)
}

// unitsEnough is how many users an always-valid comparison says nothing before.
const unitsEnough = 500

type experimentView struct {
	layout
	Report  *stats.Report
	Waiting bool // for more users
	Enough  int
	Arms    []armView
	Metrics []metricView
}

type armView struct {
	Name, Does string
	Units      int64
}

type metricView struct {
	Name, Control, Variant string
	Before, After          string
	Known                  bool
	Lift, Low, High        string
	Verdict                string
}

// armWords says what a variant of the shop's experiment does.
func armWords(name string) string {
	switch name {
	case "blend":
		return "pages from all models together"
	case "neighbours":
		return "pages from item-kNN alone"
	}
	return ""
}

func metricWords(name string) string {
	switch name {
	case "clicked":
		return "share who clicked"
	case "purchases":
		return "purchases a user"
	case "quantity":
		return "units bought a user"
	}
	return name
}

func number3(n stats.Number) string {
	if math.IsNaN(float64(n)) {
		return "–"
	}
	return strconv.FormatFloat(float64(n), 'f', 3, 64)
}

func percent(n stats.Number) string {
	if f := float64(n); !math.IsNaN(f) && !math.IsInf(f, 0) {
		return fmt.Sprintf("%+.1f %%", 100*f)
	}
	return "?"
}
