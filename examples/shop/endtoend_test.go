package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/examples/shop/retail"
	"github.com/goldrec/gold/examples/shop/seed"
	"github.com/goldrec/gold/store"
)

// sliceRows is how much of Online Retail is used where all of it would take minutes.
const sliceRows = 5_000

// onlineRetail is the file to import: the real one when GOLD_DATA names the directory of the data sets, its beginning
// under the race detector and with -short, and without it a made-up one of the same form.
func onlineRetail(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("GOLD_DATA")
	full := filepath.Join(dir, "online-retail", "online-retail.csv")
	path := filepath.Join(t.TempDir(), "retail.csv")
	in, err := os.Open(full)
	switch {
	case dir == "" || err != nil:
		t.Log("GOLD_DATA does not lead to Online Retail: using a made-up file of its form")
		makeUpRetail(t, path)
	case raceEnabled || testing.Short():
		defer in.Close()
		t.Logf("using the first %d rows", sliceRows)
		copyRows(t, path, in)
	default:
		in.Close()
		return full
	}
	return path
}

func copyRows(t *testing.T, path string, in io.Reader) {
	t.Helper()
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	for lines, n := bufio.NewScanner(in), 0; n <= sliceRows && lines.Scan(); n++ {
		fmt.Fprintln(out, lines.Text())
	}
}

func makeUpRetail(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	goods := seed.Generate(seed.Options{Seed: 1, Items: 250, Shoppers: 80, Now: time.Date(2011, 12, 9, 12, 50, 0, 0, time.UTC)})
	titles, prices := map[string]string{}, map[string]int64{}
	for _, item := range goods.Items {
		titles[item.ID], prices[item.ID] = strings.ToUpper(item.Title), item.Price.Minor
	}
	out := csv.NewWriter(f)
	out.Write(strings.Split("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country", ","))
	for _, in := range goods.Interactions {
		if in.Kind != store.Purchase && in.Kind != store.Cart {
			continue
		}
		at := in.Time.Format(time.DateTime)
		price := fmt.Sprintf("%d.%02d", prices[in.Item]/100, prices[in.Item]%100)
		code, customer := strings.Replace(in.Item, "p", "1", 1), strings.TrimPrefix(in.User, "shopper-")+".0"
		out.Write([]string{in.Session, code, titles[in.Item], "1", at, price, customer, "France"})
		out.Write([]string{in.Session, "POST", "POSTAGE", "1", at, "18", customer, "France"})
	}
	if out.Flush(); out.Error() != nil {
		t.Fatal(out.Error())
	}
}

// page is a page of recommendations, as far as the test looks at it.
type page struct {
	Items []struct {
		ID        string
		Available bool
		Reasons   []struct{ Because string }
	}
	ModelVersion uint64 `json:"model_version"`
	Next         string
}

func (p page) ids() (ids []string) {
	for _, item := range p.Items {
		ids = append(ids, item.ID)
	}
	return ids
}

// ask sends JSON, or nothing, and reads the answer of the wanted status.
func ask[T any](t *testing.T, p *process, method, path string, status int, body any) (v T) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, p.base+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d, %v: %s", method, path, resp.StatusCode, status, err, answer)
	}
	if err := json.Unmarshal(answer, &v); err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, answer)
	}
	return v
}

type object = map[string]any

func (p *process) recommend(t *testing.T, request object) page {
	t.Helper()
	return ask[page](t, p, "POST", "/api/v1/recommendations", 200, request)
}

// TestEndToEnd imports a retailer's data into a shop of its own process, waits for the first training, and walks
// through the API and the pages.
func TestEndToEnd(t *testing.T) {
	file := onlineRetail(t)
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := retail.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	shoppers := data.Stock().Shoppers
	if len(shoppers) < 2 {
		t.Fatalf("only %d shoppers to show", len(shoppers))
	}
	bought := map[string]map[string]bool{}
	for _, in := range data.Interactions {
		if bought[in.User] == nil {
			bought[in.User] = map[string]bool{}
		}
		bought[in.User][in.Item] = true
	}
	p := start(t, "-data", filepath.Join(t.TempDir(), "shop"), "-import", "online-retail", file)
	p.waitForModel(t)

	t.Run("users differ and see nothing again", func(t *testing.T) { p.testUsers(t, shoppers[0].ID, shoppers[1].ID, bought) })
	t.Run("pages follow one another", func(t *testing.T) { p.testCursor(t, shoppers[0].ID, bought[shoppers[0].ID]) })
	t.Run("somebody new", p.testStranger)
	t.Run("products", func(t *testing.T) { p.testProducts(t, data) })
	t.Run("profile", p.testProfile)
	t.Run("variant", func(t *testing.T) {
		v := ask[object](t, p, "POST", "/api/v1/ab-test/variant", 200, object{"user": "17850", "experiment": "ranking"})
		if v["variant"] != "blend" && v["variant"] != "neighbours" {
			t.Errorf("variant %v", v)
		}
	})
	t.Run("storefront", func(t *testing.T) { p.testStorefront(t, shoppers[0].ID, shoppers[1].ID) })
	if err := p.stop(syscall.SIGTERM); err != nil {
		t.Errorf("ended with %v:\n%s", err, p.log)
	}
}

// waitForModel waits for the first training, while which the shop serves what is trending.
func (p *process) waitForModel(t *testing.T) {
	t.Helper()
	if first := p.recommend(t, object{"n": 10}); len(first.Items) != 10 {
		t.Errorf("before the first training %d products are trending", len(first.Items))
	}
	for deadline := time.Now().Add(8 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		health := ask[struct {
			ModelVersion uint64 `json:"model_version"`
		}](t, p, "GET", "/healthz", 200, nil)
		if health.ModelVersion > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no model after eight minutes:\n%s", p.log)
		}
	}
}

func (p *process) testUsers(t *testing.T, one, other string, bought map[string]map[string]bool) {
	pages := map[string][]string{}
	for _, user := range []string{one, other} {
		got := p.recommend(t, object{"user": user, "n": 100, "explain": true})
		pages[user] = got.ids()
		if len(got.Items) != 100 {
			t.Errorf("%s gets %d of 100", user, len(got.Items))
		}
		because := 0
		for _, item := range got.Items {
			if !item.Available || bought[user][item.ID] || item.ID == "POST" {
				t.Errorf("%s gets %s: available %v, bought before %v", user, item.ID, item.Available, bought[user][item.ID])
			}
			for _, reason := range item.Reasons {
				if bought[user][reason.Because] {
					because++
					break
				}
			}
		}
		if because < 50 {
			t.Errorf("only %d of 100 products are recommended because of one that %s bought", because, user)
		}
	}
	if cmp.Equal(pages[one][:10], pages[other][:10]) {
		t.Errorf("%s and %s see the same", one, other)
	}
	excluded := p.recommend(t, object{"user": one, "n": 10, "exclude": pages[one][:5]})
	for _, id := range excluded.ids() {
		if slices.Contains(pages[one][:5], id) {
			t.Errorf("%s is excluded, and recommended", id)
		}
	}
}

func (p *process) testCursor(t *testing.T, user string, bought map[string]bool) {
	seen, cursor := map[string]bool{}, ""
	for range 10 {
		got := p.recommend(t, object{"user": user, "n": 15, "cursor": cursor})
		for _, id := range got.ids() {
			if seen[id] || bought[id] {
				t.Errorf("%s again: shown before %v, bought before %v", id, seen[id], bought[id])
			}
			seen[id] = true
		}
		if cursor = got.Next; cursor == "" {
			t.Fatalf("no next page after %d products", len(seen))
		}
	}
	if len(seen) != 150 {
		t.Errorf("ten pages of 15 show %d products", len(seen))
	}
}

func (p *process) testStranger(t *testing.T) {
	trending := p.recommend(t, object{"model": "trending", "n": 10})
	first := p.recommend(t, object{"user": "newcomer", "n": 10})
	if diff := cmp.Diff(trending.ids(), first.ids()); diff != "" {
		t.Errorf("somebody new does not get what is trending: %s", diff)
	}
	clicked := p.recommend(t, object{"model": "trending", "n": 40}).ids()[39]
	ask[object](t, p, "POST", "/api/v1/interactions", 200, object{"user": "newcomer", "item": clicked, "kind": "click"})
	second := p.recommend(t, object{"user": "newcomer", "n": 10, "explain": true})
	if cmp.Equal(first.ids(), second.ids()) || slices.Contains(second.ids(), clicked) || second.ModelVersion != first.ModelVersion {
		t.Errorf("after one click on %s: %v by model %d, before %v by model %d",
			clicked, second.ids(), second.ModelVersion, first.ids(), first.ModelVersion)
	}
	if !strings.Contains(fmt.Sprint(second.Items), clicked) {
		t.Errorf("nothing is there because of %s: %+v", clicked, second.Items)
	}
}

func (p *process) testProducts(t *testing.T, data *retail.Data) {
	type products struct {
		Total    int
		Products []struct{ ID, Title string }
	}
	if all := ask[products](t, p, "GET", "/api/v1/products", 200, nil); all.Total != len(data.Items) || len(all.Products) != 24 {
		t.Errorf("%d products, %d on the page; want %d and 24", all.Total, len(all.Products), len(data.Items))
	}
	if gone := ask[products](t, p, "GET", "/api/v1/products?available=false&query=postage", 200, nil); gone.Total == 0 {
		t.Error("postage is nowhere, not even unavailable")
	}
	alike := 0 // few products are like no other
	for _, product := range ask[products](t, p, "GET", "/api/v1/products?available=true&limit=20", 200, nil).Products {
		if len(ask[page](t, p, "GET", "/api/v1/products/"+url.PathEscape(product.ID)+"/similar?n=5", 200, nil).Items) == 5 {
			alike++
		}
	}
	if alike < 10 {
		t.Errorf("only %d of 20 products have five that are similar", alike)
	}
	ask[object](t, p, "GET", "/api/v1/products/no-such-product", 404, nil)
}

func (p *process) testProfile(t *testing.T) {
	first := ask[store.Profile](t, p, "POST", "/api/v1/user/profile", 200, object{"user": "newcomer", "segments": []string{"vip"}})
	ask[object](t, p, "POST", "/api/v1/user/profile", 409, object{"user": "newcomer", "version": first.Version + 1})
	second := ask[store.Profile](t, p, "POST", "/api/v1/user/profile", 200, object{"user": "newcomer", "version": first.Version})
	if second.Version != first.Version+1 {
		t.Errorf("versions %d, then %d", first.Version, second.Version)
	}
}

func (p *process) testStorefront(t *testing.T, one, other string) {
	home := func(user string) (string, []string) {
		text := p.html(t, user, "/")
		_, row, _ := strings.Cut(text, `data-place="for-you"`)
		row, _, _ = strings.Cut(row, "</ul>")
		var ids []string
		for _, link := range regexp.MustCompile(`href="/products/([^"?]+)`).FindAllStringSubmatch(row, -1) {
			ids = append(ids, html.UnescapeString(link[1]))
		}
		return text, ids
	}
	text, mine := home(one)
	_, theirs := home(other)
	if len(mine) != 12 || len(theirs) != 12 || cmp.Equal(mine, theirs) {
		t.Errorf("%s sees %v, %s %v", one, mine, other, theirs)
	}
	for _, part := range []string{`data-place="trending"`, "Golden hour", `class="countdown"`, "because you bought"} {
		if !strings.Contains(text, part) {
			t.Errorf("the home page has no %s", part)
		}
	}
	product := p.html(t, one, "/products/"+mine[0]+"?from=for-you")
	for _, part := range []string{`data-place="similar"`, `data-place="together"`} {
		if !strings.Contains(product, part) {
			t.Errorf("the page of %s has no %s", mine[0], part)
		}
	}
	if _, again := home(one); slices.Contains(again, mine[0]) {
		t.Errorf("%s was looked at and is recommended again", mine[0])
	}
	if found := p.html(t, one, "/search?query=set&max_price=20"); !strings.Contains(found, "data-") && !strings.Contains(found, "card") {
		t.Error("the search finds nothing")
	}
}

// html gets a page as a shopper sees it.
func (p *process) html(t *testing.T, user, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", p.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "visitor", Value: user})
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%s: status %s, %v", path, strconv.Itoa(resp.StatusCode), err)
	}
	return string(text)
}
