package growthbook

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// URLTarget says on which pages an experiment runs.
type URLTarget struct {
	Type    string // "regex" or "simple"
	Pattern string // a simple one may have "*" anywhere
	Include bool   // false: not on these pages
}

// targeted reports whether the URL matches any target to include, or there is none, and no target to exclude.
func targeted(page string, targets []URLTarget) bool {
	includes, included := false, false
	for _, t := range targets {
		match := t.matches(page)
		if !t.Include {
			if match {
				return false
			}
			continue
		}
		includes = true
		included = included || match
	}
	return included || !includes
}

func (t URLTarget) matches(page string) bool {
	u, err := url.Parse(page)
	if err != nil || page == "" {
		return false
	}
	switch t.Type {
	case "regex":
		re, err := regexp.Compile(t.Pattern)
		return err == nil && len(t.Pattern) <= patternBytesMax &&
			(re.MatchString(page) || re.MatchString(pathOf(page)))
	case "simple":
		return simpleMatch(u, t.Pattern)
	}
	return false
}

// anything stands for "*" in a pattern while it is parsed as a URL.
const anything = "_____"

// simpleMatch compares the host and the path with the pattern's, and asks that the page's query and fragment have the
// pattern's. A pattern without host is for any.
func simpleMatch(u *url.URL, pattern string) bool {
	if i := strings.IndexAny(pattern, ":/?."); i >= 0 && pattern[i] == '.' { // www.example.com/…
		pattern = "https://" + pattern
	}
	p, err := url.Parse(strings.ReplaceAll(pattern, "*", anything))
	if err != nil {
		return false
	}
	if p.Host == "" {
		p.Host = anything
	}
	if !wildcard(p.Host, u.Host, "") || !wildcard(strings.Trim(p.Path, "/"), u.Path, "/?") {
		return false
	}
	if p.Fragment != "" && !wildcard(p.Fragment, u.Fragment, "") {
		return false
	}
	query := u.Query()
	for key, values := range p.Query() {
		if !wildcard(values[0], query.Get(key), "") {
			return false
		}
	}
	return true
}

// wildcard compares without regard to case; around is an expression that may stand before and after the pattern.
func wildcard(pattern, value, around string) bool {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(pattern), anything, ".*")
	re, err := regexp.Compile("(?is)^" + around + quoted + around + "$")
	return err == nil && re.MatchString(value)
}

// urlMatches judges the older form: an expression found in the URL, or in it from the path on.
func (ev *evaluation) urlMatches(pattern string) bool {
	if ev.user.URL == "" {
		return false
	}
	re := ev.groups.patterns.compile(pattern)
	return re == nil || re.MatchString(ev.user.URL) || re.MatchString(pathOf(ev.user.URL))
}

// pathOf cuts the scheme and the host off.
func pathOf(page string) string {
	page = strings.TrimPrefix(strings.TrimPrefix(page, "https://"), "http://")
	if i := strings.IndexByte(page, '/'); i >= 0 {
		return page[i:]
	}
	return page
}

// queryOverride reads the variation that the URL's query forces for an experiment.
func queryOverride(key, page string, variations int) (index int, ok bool) {
	_, query, _ := strings.Cut(page, "?")
	query, _, _ = strings.Cut(query, "#")
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name != key {
			continue
		}
		n, err := strconv.ParseUint(value, 10, 31)
		return int(n), err == nil && int(n) < variations
	}
	return 0, false
}

// Redirect is where an experiment of the payload sends a user.
type Redirect struct {
	Experiment *Experiment
	Result     ExperimentResult
	URL        string // what the variation asks for; empty when it redirects nowhere
	WithQuery  string // the same with the page's own query, when the experiment keeps it
}

// Redirects evaluates the payload's experiments on pages for the user's URL, in order, up to the first redirect experiment
// that the user takes part in: a page can only be left once, so that those behind it neither redirect nor expose the user,
// even where the user's variation of the first redirects nowhere. Only the last of what it returns can have a URL.
func (p *Payload) Redirects(user *User) []Redirect {
	ev := p.evaluate(user)
	var out []Redirect
	for _, e := range p.experiments {
		copied := *e
		r := Redirect{Experiment: e, Result: ev.run(&copied, "")}
		to, _ := asObject(r.Result.Value).get("urlRedirect").(string)
		r.Result.Value = plain(r.Result.Value)
		if to != "" && r.Result.InExperiment {
			r.URL, r.WithQuery = to, to
			if e.PersistQueryString {
				r.WithQuery = mergeQuery(user.URL, to)
			}
		}
		out = append(out, r)
		if r.Result.InExperiment && e.redirects() {
			break
		}
	}
	return out
}

// redirects reports whether the experiment is on pages and sends users of some variation to another.
func (e *Experiment) redirects() bool {
	return e.URLPatterns != nil && slices.ContainsFunc(e.Variations, func(v any) bool { return asObject(v).has("urlRedirect") })
}

// mergeQuery adds the page's query to the target's, which wins where both have a name.
func mergeQuery(page, target string) string {
	from, err1 := url.Parse(page)
	to, err2 := url.Parse(target)
	if err1 != nil || err2 != nil {
		return target
	}
	has := to.Query()
	query := to.RawQuery
	for pair := range strings.SplitSeq(from.RawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if decoded, err := url.QueryUnescape(name); err == nil && pair != "" && !has.Has(decoded) {
			if query != "" {
				query += "&"
			}
			query += pair
		}
	}
	to.RawQuery = query
	if to.Host != "" && to.Path == "" {
		to.Path = "/"
	}
	return to.String()
}
