package web

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/examples/shop/golden"
	"github.com/goldrec/gold/examples/shop/stock"
)

// layout is what every page needs.
type layout struct {
	Title    string
	Query    string // in the search field
	Visitor  *visitor
	Shoppers []stock.Shopper
}

type link struct {
	Text, URL string
	Count     int
	Chosen    bool
}

func (s *Server) layout(v *visitor, title string) layout {
	return layout{Title: title, Visitor: v, Shoppers: s.shoppers}
}

// parsePages makes a template of each page: the layout with the page in it.
func parsePages() (map[string]*template.Template, error) {
	base, err := template.ParseFS(files, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return nil, err
	}
	names, err := files.ReadDir("templates/pages")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, name := range names {
		t, err := base.Clone()
		if err != nil {
			return nil, err
		}
		if t, err = t.ParseFS(files, path.Join("templates/pages", name.Name())); err != nil {
			return nil, err
		}
		pages[strings.TrimSuffix(name.Name(), ".html")] = t
	}
	return pages, nil
}

// render writes a page once all of it is made, so that an error never leaves half a page.
func (s *Server) render(w http.ResponseWriter, code int, page string, data any) error {
	var buf bytes.Buffer
	if err := s.pages[page].ExecuteTemplate(&buf, "layout", data); err != nil {
		return fmt.Errorf("render %s: %w", page, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(buf.Bytes())
	return nil
}

type messagePage struct {
	layout
	Text   string
	Status int
}

// problemPage shows a problem to a person.
func (s *Server) problemPage(w http.ResponseWriter, r *http.Request, p *Problem) {
	v := visitor{ID: cookie(r, visitorCookie)}
	page := messagePage{s.layout(&v, p.Title), inWords(p), p.Status}
	if err := s.render(w, p.Status, "message", page); err != nil {
		s.log.ErrorContext(r.Context(), "no problem page", "error", err)
		http.Error(w, p.Title, p.Status)
	}
}

// inWords says a problem in a sentence.
func inWords(err error) string {
	p := problemOf(err)
	if len(p.Errors) == 0 {
		return p.Detail
	}
	var text []string
	for _, e := range p.Errors {
		name := strings.ReplaceAll(e.Parameter+strings.TrimPrefix(e.Pointer, "#/"), "_", " ")
		text = append(text, name+" "+e.Detail)
	}
	return strings.Join(text, "; ")
}

// problemType is the page that a type of problem names.
func (s *Server) problemType(w http.ResponseWriter, r *http.Request) error {
	text, ok := explanations()["/problems/"+r.PathValue("name")]
	if !ok {
		return unknown("type of problem", r.PathValue("name"))
	}
	v := s.visitor(w, r)
	return s.render(w, http.StatusOK, "message", messagePage{s.layout(&v, "Problem: "+r.PathValue("name")), text, 0})
}

// departments is the top of the category tree.
func (s *Server) departments() []link {
	counts, err := s.catalog.Facets("category", nil)
	if err != nil {
		return nil
	}
	var out []link
	for _, c := range counts {
		if !strings.Contains(c.Value, catalog.PathSeparator) {
			out = append(out, link{Text: c.Value, Count: c.Count, URL: "/search?category=" + url.QueryEscape(c.Value)})
		}
	}
	return out
}

// goldenView is the golden hour as a page shows it.
type goldenView struct {
	Live  bool
	At    time.Time // when it ends, or when it begins
	Now   time.Time // by the server's clock, which the countdown follows
	When  string    // of the day, in the hour's zone
	Demo  bool      // a short one, for those who look at the shop
	From  string    // when it begins and ends, by the clock of its zone
	Until string
	Cards []card
}

func (s *Server) goldenView() goldenView {
	now := s.now()
	o, live, ok := s.golden.At(now)
	if !ok {
		return goldenView{}
	}
	g := goldenView{
		Live: live, At: o.Start, Now: now, When: s.golden.Daily(), Demo: golden.IsDemonstration(o.Deal),
		From: o.Start.In(s.golden.Zone()).Format("15:04"), Until: o.End.In(s.golden.Zone()).Format("15:04"),
	}
	if live {
		g.At = o.End
	}
	for _, id := range o.Deal.Items {
		if item, ok := s.item(id); ok && item.Available {
			c := s.card(item, placeGolden)
			c.Left, c.Until = item.Stock, g.Until
			if !live { // the price is not to be had yet
				c.Soon, c.SoonFrom, c.Until = money(s.golden.Reduced(o.Deal, item.Price)), g.From, ""
			}
			g.Cards = append(g.Cards, c)
		}
	}
	return g
}

// Left is the countdown for those without JavaScript.
func (g goldenView) Left() string {
	d := g.At.Sub(g.Now).Truncate(time.Second)
	return fmt.Sprintf("%d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
}

// money writes an amount as price tags do; nothing for no price.
func money(m catalog.Money) string {
	if m.Currency == "" {
		return ""
	}
	symbol := map[string]string{"EUR": "€", "GBP": "£", "USD": "$"}[m.Currency]
	if symbol == "" {
		symbol = m.Currency + " "
	}
	return fmt.Sprintf("%s%d.%02d", symbol, m.Minor/100, m.Minor%100)
}
