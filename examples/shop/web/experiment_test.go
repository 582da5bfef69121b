package web

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/experiment/stats"
)

// TestHowTheVariantsDo sends visitors through the API, of whom those with the neighbours click more, and reads in all
// three forms how the variants do.
func TestHowTheVariantsDo(t *testing.T) {
	f := newShop(t)
	const users = 1000
	clicked := map[string]int{}
	for u := range users {
		user := fmt.Sprint("visitor-", u)
		page := read[recommendationsResponse](t, f.call("POST", "/api/v1/recommendations", `{"user":"`+user+`","n":3}`), 200)
		if page.Variant == "neighbours" || u%2 == 0 {
			clicked[page.Variant]++
			body := fmt.Sprintf(`{"user":%q,"item":%q,"kind":"click"}`, user, page.Items[0].ID)
			read[interactionsResponse](t, f.call("POST", "/api/v1/interactions", body), 200)
		}
	}
	f.call("POST", "/api/v1/ab-test/variant", `{"user":"curious","experiment":"ranking"}`) // no exposure

	report := read[stats.Report](t, f.call("GET", "/api/v1/ab-test/report?experiment=ranking", ""), 200)
	f.disk.scanned.Store(0)
	if again := read[stats.Report](t, f.call("GET", "/api/v1/ab-test/report?experiment=ranking", ""), 200); again.Units != report.Units {
		t.Errorf("%d units at the second look, %d at the first", again.Units, report.Units)
	}
	if n := f.disk.scanned.Load(); n > 0 {
		t.Errorf("the second look reads %d entries of the log, and nothing is new", n)
	}
	got := report.Comparisons[0]
	if report.Units != users || report.Decision != stats.Ship || report.Variant != "neighbours" || got.VariantValue != 1 ||
		int64(clicked["blend"]) != int64(float64(got.ControlValue)*float64(got.ControlUnits)+0.5) {
		t.Errorf("%v clicked; report %+v", clicked, report)
	}
	for _, tt := range []struct{ path, kind, want string }{
		{"/api/v1/ab-test/report?experiment=ranking&format=text", "text/plain", "ranking: ship neighbours\n"},
		{"/experiments/ranking", "text/html", "<strong>ship neighbours.</strong>"},
		{"/experiments/ranking", "text/html", `href="/"`},
	} {
		resp := f.call("GET", tt.path, "")
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), tt.want) ||
			!strings.HasPrefix(resp.Header.Get("Content-Type"), tt.kind) {
			t.Errorf("%s: %d, %v: %s", tt.path, resp.StatusCode, err, body)
		}
		csp := resp.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", tt.path, csp)
		}
	}
	if resp := f.call("GET", "/experiments/none", ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("an experiment that there is not: %d", resp.StatusCode)
	}
}

// TestRowsExpose walks through the storefront: what the variant's models choose exposes a visitor, once, and what they do
// is stamped with it; a row that asks for a model of its own exposes nobody.
func TestRowsExpose(t *testing.T) {
	f := newShop(t)
	if _, err := f.engine.Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := f.browser(t)
	b.get("/") // trending alone
	id := notOnOffer(f)
	b.get("/products/" + id + "?from=trending")
	b.get("/")
	b.get("/for-you")
	variant := f.experiments.Assigner("ranking").Variant(b.visitorID())
	past, err := f.past(t.Context(), b.visitorID(), 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, in := range past {
		got = append(got, fmt.Sprint(in.Kind, " ", in.Placement, " ", in.Variant))
	}
	want := []string{"view trending " + variant, "click trending " + variant}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("recorded, the last first (-want +got):\n%s", diff)
	}
}
