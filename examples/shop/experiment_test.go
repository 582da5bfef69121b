package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestExperimentSurvives kills the shop after visits of many users: the report of the experiment is the same after a
// restart, and after the same users, whom the new process does not remember, have come again.
func TestExperimentSurvives(t *testing.T) {
	const users = 60
	flags := []string{"-data", filepath.Join(t.TempDir(), "shop"), "-items", "60", "-shoppers", "5", "-log", "error"}
	p := start(t, flags...)
	visit := func(p *process, u int) (first string) {
		got := p.recommend(t, object{"user": fmt.Sprint("visitor-", u), "n": 3})
		if len(got.Items) != 3 {
			t.Fatalf("visitor %d gets %d products", u, len(got.Items))
		}
		return got.Items[0].ID
	}
	report := func(p *process) object {
		return ask[object](t, p, "GET", "/api/v1/ab-test/report?experiment=ranking", 200, nil)
	}
	for u := range users {
		if item := visit(p, u); u%3 == 0 {
			ask[object](t, p, "POST", "/api/v1/interactions", 200, object{"user": fmt.Sprint("visitor-", u), "item": item, "kind": "click"})
		}
	}
	want := report(p)
	if want["units"] != float64(users) {
		t.Errorf("%v users are exposed, want %d: %v", want["units"], users, want)
	}
	_ = p.stop(os.Kill)

	again := start(t, flags...)
	if diff := cmp.Diff(want, report(again)); diff != "" {
		t.Errorf("after the kill (-before +after):\n%s", diff)
	}
	for u := range users {
		visit(again, u)
	}
	if diff := cmp.Diff(want, report(again)); diff != "" {
		t.Errorf("after everybody came again (-before +after):\n%s", diff)
	}
}
